using System.Text;
using System.Text.RegularExpressions;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;
using Mantle.Measure.Audit.Facts;
using Mantle.Measure.Audit.Inspection;

namespace Mantle.Measure.Audit.Rules;

/// <summary>
/// Applies every rule on files to every file, in one pass: the cheap conditions first, and a content is searched once for all byte strings, only when a
/// rule still needs to know. Files are spread over threads; memory does not grow with them.
/// </summary>
internal sealed class FileRules
{
    private const int LongestText = 4 << 20;

    private readonly RuleSet _rules;
    private readonly FindingList _findings;
    private readonly IReadOnlyDictionary<FileNode, ByteSource> _opened;
    private readonly (SealRule Rule, FileDetection Detection)[] _detections;
    private long _files;
    private long _searchedFiles;
    private long _searchedBytes;
    private long _programs;

    /// <param name="rules">The rules.</param>
    /// <param name="opened">What is searched in place of the content of files that were taken apart.</param>
    /// <param name="findings">Takes what is found.</param>
    public FileRules(RuleSet rules, IReadOnlyDictionary<FileNode, ByteSource> opened, FindingList findings)
    {
        _rules = rules;
        _opened = opened;
        _findings = findings;
        _detections = [.. rules.Rules.SelectMany(rule => rule.Detect.OfType<FileDetection>().Select(detection => (rule, detection)))];
    }

    public long Files => _files;

    public long SearchedFiles => _searchedFiles;

    public long SearchedBytes => _searchedBytes;

    public long Programs => _programs;

    public void Apply(IReadOnlyList<InspectedTree> trees, int workers, CancellationToken cancellation)
    {
        try
        {
            Parallel.ForEach(
                trees.SelectMany(Inodes), new ParallelOptions { MaxDegreeOfParallelism = workers, CancellationToken = cancellation }, Apply);
        }
        catch (AggregateException e) when (e.InnerExceptions is [IOException cause, ..])
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(cause);
        }
    }

    /// <summary>Every inode once, with all its names.</summary>
    private static IEnumerable<(InspectedTree Tree, FileNode Node, IReadOnlyList<string> Paths)> Inodes(InspectedTree tree)
    {
        Dictionary<FileNode, List<string>> links = new(ReferenceEqualityComparer.Instance);
        HashSet<FileNode> seen = new(ReferenceEqualityComparer.Instance);
        foreach ((string path, FileNode node) in tree.Tree.Walk())
        {
            if (!seen.Add(node))
            {
                if (!links.TryGetValue(node, out List<string>? others))
                {
                    links.Add(node, others = []);
                }

                others.Add(path);
            }
        }

        seen.Clear();
        foreach ((string path, FileNode node) in tree.Tree.Walk())
        {
            if (seen.Add(node))
            {
                yield return (tree, node, links.TryGetValue(node, out List<string>? others) ? [path, .. others] : [path]);
            }
        }
    }

    private void Apply((InspectedTree Tree, FileNode Node, IReadOnlyList<string> Paths) file)
    {
        Interlocked.Increment(ref _files);
        try
        {
            FileFacts facts = FileFacts.Read(file.Paths[0], file.Node);
            if (facts.Elf is { IsProgram: true } || facts.Kind == ContentKind.Script)
            {
                Interlocked.Increment(ref _programs);
            }

            Content content = new(this, file.Tree, file.Node, file.Paths[0]);
            foreach (string path in file.Paths)
            {
                bool isFirst = ReferenceEquals(path, file.Paths[0]);
                foreach ((SealRule rule, FileDetection detection) in _detections)
                {
                    // What is in a file is said once, whatever its other names are: busybox has hundreds.
                    if ((isFirst || detection.IsAboutPath) && detection.MatchesOutside(file.Tree, path, file.Node, facts) && content.Matches(detection) is { } evidence)
                    {
                        _findings.Add(rule, file.Tree.PlaceOf(path), evidence.Count > 0 ? evidence : [Outside(detection, file.Node, facts)]);
                    }
                }
            }
        }
        catch (MalformedInputException e)
        {
            _findings.AddGap(new(file.Tree.PlaceOf(file.Paths[0]), file.Tree.Format, e.Message));
        }
    }

    /// <summary>What stood outside the content, in words.</summary>
    private static Evidence Outside(FileDetection detection, FileNode node, FileFacts facts)
    {
        StringBuilder text = new(node.Kind switch
        {
            FileKind.SymbolicLink => $"link to {node.LinkTarget}",
            FileKind.Regular => facts.Kind == ContentKind.None ? "empty file" : $"{facts.Kind.ToString().ToLowerInvariant()} file",
            _ => node.Kind.ToString().ToLowerInvariant(),
        });
        if (node.Kind != FileKind.SymbolicLink)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $", mode {Convert.ToString(node.Permissions, 8).PadLeft(4, '0')}, owner {node.UserId}:{node.GroupId}");
        }

        if (facts.Interpreter is not null)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $", run by {facts.Interpreter}");
        }

        foreach (string name in node.ExtendedAttributes.Keys.Where(name => detection.Attribute.Matches(name)))
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $", {name}={Convert.ToHexStringLower(node.ExtendedAttributes[name])}");
        }

        return new(text.ToString());
    }

    /// <summary>The content of one file, searched and split into lines when the first rule asks, and not again.</summary>
    private sealed class Content(FileRules owner, InspectedTree tree, FileNode node, string path)
    {
        private long[]? _found;
        private (int Number, string Text)[]? _lines;

        /// <summary>The evidence, empty when there is no condition on the content; null: a condition does not hold.</summary>
        public List<Evidence>? Matches(FileDetection detection)
        {
            List<Evidence> evidence = [];
            return (!detection.NeedsContent || MatchesBytes(detection, evidence)) && (!detection.NeedsText || MatchesText(detection, evidence)) ? evidence : null;
        }

        private bool MatchesBytes(FileDetection detection, List<Evidence> evidence)
        {
            if (_found is null)
            {
                ByteSource content = owner._opened.GetValueOrDefault(node) ?? node.Content;
                Interlocked.Increment(ref owner._searchedFiles);
                Interlocked.Add(ref owner._searchedBytes, content.Length);
                _found = owner._rules.Patterns.Search(content);
            }

            bool holds = detection.ContainsAll.All(index => _found[index] >= 0)
                && (detection.ContainsAny.Count == 0 || detection.ContainsAny.Any(index => _found[index] >= 0))
                && detection.ContainsNone.All(index => _found[index] < 0);
            if (holds)
            {
                foreach (int index in detection.ContainsAll.Concat(detection.ContainsAny).Where(index => _found[index] >= 0))
                {
                    string pattern = owner._rules.Patterns[index];
                    evidence.Add(new($"\"{pattern}\"", _found[index], pattern.Length));
                }
            }

            return holds;
        }

        private bool MatchesText(FileDetection detection, List<Evidence> evidence)
        {
            if (node.Content.Length > LongestText)
            {
                owner._findings.AddGap(new(tree.PlaceOf(path), "text", $"a rule asks for the lines of a file of {node.Content.Length:N0} bytes"));
                return false;
            }

            _lines ??= [.. TextLines.Read(node.Content)];
            bool holds = detection.Line.Count == 0;
            foreach (Regex expression in detection.Line)
            {
                foreach ((int number, string text) in _lines)
                {
                    if (expression.IsMatch(text))
                    {
                        evidence.Add(new(text, Line: number));
                        holds = true;
                        break;
                    }
                }
            }

            return holds && (detection.Setting.Count == 0 || TextLines.MatchesSetting(_lines, detection.Setting, evidence));
        }
    }
}
