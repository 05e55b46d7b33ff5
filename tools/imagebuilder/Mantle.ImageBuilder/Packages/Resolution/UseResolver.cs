using System.Runtime.CompilerServices;
using Mantle.ImageBuilder.Packages.Debian;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Packages.Resolution;

/// <summary>
/// Closes the roots of one use over <c>Depends</c> and <c>Pre-Depends</c>, depth first like apt: an alternative that a chosen package satisfies wins,
/// else the first that can be satisfied; a choice that turns out impossible is taken back.
/// </summary>
internal sealed class UseResolver
{
    private const int MaximumAttempts = 1_000_000; // a desktop's closure takes a few thousand

    private readonly PackageUniverse _universe;
    private readonly PackageUse _use;
    private readonly HashSet<string> _leftOut;
    private readonly HashSet<IndexedPackage> _chosen = [];
    private readonly Stack<IndexedPackage> _order = [];
    private readonly Stack<IndexedPackage> _path = [];
    private readonly Dictionary<string, List<(IndexedPackage Owner, Relation Relation, string Field)>> _refused = new(StringComparer.Ordinal);
    private readonly Dictionary<IndexedPackage, Failure> _impossible = [];
    private int _attempts;

    public UseResolver(PackageUniverse universe, PackageUse use)
    {
        _universe = universe;
        _use = use;
        _leftOut = [.. use.LeaveOut.Select(left => left.Package)];
    }

    /// <summary>A reason why a choice is impossible.</summary>
    /// <param name="Text">The reason with the chain that leads to it.</param>
    /// <param name="DependsOnOthers">Whether another choice elsewhere could make it possible.</param>
    private sealed record Failure(string Text, bool DependsOnOthers);

    /// <summary>Resolves the use.</summary>
    /// <returns>The chosen packages with the shortest reason for each.</returns>
    /// <exception cref="UserErrorException">A root or dependency cannot be satisfied, or something is left out that nothing needs.</exception>
    public IReadOnlyDictionary<IndexedPackage, string> Resolve()
    {
        List<IndexedPackage> roots = [];
        foreach (string name in _use.Roots.Distinct().Order(StringComparer.Ordinal))
        {
            if (_leftOut.Contains(name))
            {
                throw new UserErrorException($"use \"{_use.Name}\" both asks for package \"{name}\" and leaves it out");
            }

            roots.Add(_universe.Find(name) ?? throw new UserErrorException(
                $"use \"{_use.Name}\" asks for package \"{name}\", which no suite has", "check the name and the recipe's suites"));
        }

        // As apt does, every root is chosen before the first dependency is looked at: a root may satisfy an alternative.
        foreach (IndexedPackage root in roots)
        {
            Demand(FindConflict(root));
            Choose(root);
        }

        foreach (IndexedPackage root in roots)
        {
            Demand(Close(root));
        }

        RefuseNeedlessOmissions();
        return Explain(roots);
    }

    private void Demand(Failure? failure)
    {
        if (failure is not null)
        {
            throw new UserErrorException(
                $"cannot resolve use \"{_use.Name}\": {failure.Text}", "change the recipe's packages, or leave the dependency out with a reason");
        }
    }

    private Failure? Install(IndexedPackage package)
    {
        if (_chosen.Contains(package))
        {
            return null;
        }

        if (_impossible.TryGetValue(package, out Failure? known))
        {
            return known;
        }

        Failure? failure = FindConflict(package);
        if (failure is not null)
        {
            return failure;
        }

        if (++_attempts > MaximumAttempts)
        {
            throw new UserErrorException($"cannot resolve use \"{_use.Name}\": conflicts leave too many combinations to try, last \"{package.Name}\"");
        }

        int before = _order.Count;
        Choose(package);
        failure = Close(package);
        if (failure is not null)
        {
            TakeBackTo(before);
            if (!failure.DependsOnOthers)
            {
                _impossible[package] = failure;
            }
        }

        return failure;
    }

    /// <summary>Satisfies every dependency of a chosen package.</summary>
    private Failure? Close(IndexedPackage package)
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            return new Failure($"the chain of dependencies is too long at \"{package.Name}\"", DependsOnOthers: true);
        }

        _path.Push(package);
        Failure? failure = null;
        foreach (Dependency dependency in package.Dependencies)
        {
            failure = Satisfy(dependency);
            if (failure is not null)
            {
                break;
            }
        }

        _path.Pop();
        return failure;
    }

    private Failure? Satisfy(Dependency dependency)
    {
        if (IsSatisfied(dependency))
        {
            return null;
        }

        Failure? first = null;
        bool dependsOnOthers = false;
        foreach (Relation relation in dependency.Alternatives)
        {
            if (_leftOut.Contains(relation.Name))
            {
                return null;
            }

            foreach (IndexedPackage candidate in _universe.Satisfying(relation))
            {
                Failure? failure = _leftOut.Contains(candidate.Name) ? null : Install(candidate);
                if (failure is null)
                {
                    return null;
                }

                first ??= failure;
                dependsOnOthers |= failure.DependsOnOthers;
            }
        }

        return first is null
            ? new Failure($"{Chain(dependency)}, but {string.Join(" and ", dependency.Alternatives.Select(_universe.Describe))}", DependsOnOthers: false)
            : first with { DependsOnOthers = dependsOnOthers };
    }

    private bool IsSatisfied(Dependency dependency) =>
        dependency.Alternatives.Any(relation => _universe.Satisfying(relation).Any(_chosen.Contains));

    private Failure? FindConflict(IndexedPackage package)
    {
        foreach (Dependency negative in package.Negative)
        {
            foreach (IndexedPackage other in negative.Alternatives.SelectMany(_universe.Satisfying))
            {
                if (other != package && _chosen.Contains(other))
                {
                    return Conflict(package, negative.ToString(), other);
                }
            }
        }

        foreach (string name in package.Provides.Select(provided => provided.Name).Prepend(package.Name))
        {
            foreach ((IndexedPackage owner, Relation relation, string field) in _refused.GetValueOrDefault(name) ?? [])
            {
                if (owner != package && _universe.Satisfying(relation).Contains(package))
                {
                    return Conflict(owner, $"{field} {relation}", package);
                }
            }
        }

        return null;
    }

    private Failure Conflict(IndexedPackage owner, string relation, IndexedPackage other) =>
        new($"{Chain(null)}\"{owner.Name}\" {relation}, and \"{other.Name}\" {other.Version} is needed too", DependsOnOthers: true);

    private void Choose(IndexedPackage package)
    {
        _chosen.Add(package);
        _order.Push(package);
        foreach (Dependency negative in package.Negative)
        {
            foreach (Relation relation in negative.Alternatives)
            {
                if (!_refused.TryGetValue(relation.Name, out var owners))
                {
                    _refused.Add(relation.Name, owners = []);
                }

                owners.Add((package, relation, negative.Field));
            }
        }
    }

    private void TakeBackTo(int count)
    {
        while (_order.Count > count)
        {
            IndexedPackage package = _order.Pop();
            _chosen.Remove(package);
            foreach (Relation relation in package.Negative.SelectMany(negative => negative.Alternatives))
            {
                _refused[relation.Name].RemoveAt(_refused[relation.Name].Count - 1);
            }
        }
    }

    private string Chain(Dependency? dependency)
    {
        string path = string.Join(" -> ", _path.Reverse().Select(package => package.Name));
        return dependency is null ? (path.Length == 0 ? "" : path + ": ") : $"{path} {dependency}";
    }

    private void RefuseNeedlessOmissions()
    {
        HashSet<string> needless = [.. _leftOut];
        foreach (Dependency dependency in _chosen.SelectMany(package => package.Dependencies).Where(dependency => !IsSatisfied(dependency)))
        {
            foreach (Relation relation in dependency.Alternatives)
            {
                needless.Remove(relation.Name);
                needless.ExceptWith(_universe.Satisfying(relation).Select(package => package.Name));
            }
        }

        if (needless.Count > 0)
        {
            string names = string.Join(", ", needless.Order(StringComparer.Ordinal).Select(name => $"\"{name}\""));
            throw new UserErrorException($"use \"{_use.Name}\" leaves out {names}, which nothing in it needs", "remove it from the recipe");
        }
    }

    /// <summary>Breadth first from the roots, so that each package gets a shortest reason; ties go to the first parent by name.</summary>
    private Dictionary<IndexedPackage, string> Explain(List<IndexedPackage> roots)
    {
        Dictionary<IndexedPackage, string> reasons = roots.ToDictionary(root => root, _ => $"{_use.Name}: recipe");
        for (List<IndexedPackage> level = roots; level.Count > 0;)
        {
            List<IndexedPackage> next = [];
            foreach (IndexedPackage parent in level.OrderBy(package => package.Name, StringComparer.Ordinal))
            {
                foreach (Dependency dependency in parent.Dependencies)
                {
                    foreach (Relation relation in dependency.Alternatives)
                    {
                        foreach (IndexedPackage child in _universe.Satisfying(relation).Where(_chosen.Contains))
                        {
                            string provided = child.Name == relation.Name ? "" : $" provided by {child.Name}";
                            if (reasons.TryAdd(child, $"{_use.Name}: {parent.Name} {dependency.Field} {relation}{provided}"))
                            {
                                next.Add(child);
                            }
                        }
                    }
                }
            }

            level = next;
        }

        return reasons;
    }
}
