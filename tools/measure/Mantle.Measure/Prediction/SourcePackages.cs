using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Formats.Pe.Uki;

namespace Mantle.Measure.Prediction;

/// <summary>A package that an event's input was taken out of.</summary>
/// <param name="Name">The binary package's name.</param>
/// <param name="Version">Its version, as the archive has it.</param>
public sealed record SourcePackage(string Name, string Version)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Name} {Version}";
}

/// <summary>
/// The packages that the parts of a boot file were taken out of. The bytes do not say: it is the build's own record, its manifest. Nothing is measured
/// differently by it, and nothing is checked against it.
/// </summary>
/// <param name="Kernel">The packages that the kernel and its modules come from.</param>
/// <param name="Stub">The packages that the stub comes from.</param>
public sealed record SourcePackages(IReadOnlyList<SourcePackage> Kernel, IReadOnlyList<SourcePackage> Stub)
{
    private const int MaximumSize = 64 << 20;

    /// <summary>Nothing is known about packages.</summary>
    public static SourcePackages None { get; } = new([], []);

    /// <summary>The packages as the manifest of a build names them.</summary>
    /// <param name="manifest">manifest.json.</param>
    /// <param name="image">The name of the file that is measured; a manifest that has no output of this name and size is of something else.</param>
    /// <param name="size">The file's size in bytes.</param>
    public static SourcePackages Of(ByteSource manifest, string image, long size)
    {
        if (manifest.Length > MaximumSize)
        {
            return None;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(manifest.ToArray(), new() { AllowDuplicateProperties = false });
            return document.RootElement.GetProperty("outputs").EnumerateArray().Any(output =>
                output.GetProperty("name").GetString() == image && output.GetProperty("size").GetInt64() == size)
                ? Of(document.RootElement)
                : None;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return None; // whoever has to trust the manifest reads it strictly; here it only adds words
        }
    }

    /// <summary>The packages as the manifest of a build names them.</summary>
    /// <param name="manifest">The manifest's JSON object.</param>
    /// <exception cref="KeyNotFoundException">It has no list of packages.</exception>
    /// <exception cref="InvalidOperationException">A member is of another type.</exception>
    public static SourcePackages Of(JsonElement manifest)
    {
        JsonElement packages = manifest.GetProperty("inputs").GetProperty("packages");
        SourcePackage[] With(string use) =>
        [
            .. packages.EnumerateArray().Where(package => package.GetProperty("uses").EnumerateArray().Any(one => one.GetString() == use))
                .Select(package => new SourcePackage(Text(package, "name"), Text(package, "version"))),
        ];
        return new(With("kernel"), With("stub"));
    }

    /// <summary>The packages of an event's source; empty: none, or none is known.</summary>
    /// <param name="kind">The kind of source.</param>
    /// <param name="name">Its name; sections may be joined.</param>
    /// <param name="release">The kernel's release: of several packages the one of that name has the files, the others only ask for it.</param>
    internal IReadOnlyList<SourcePackage> For(EventSourceKind kind, string name, string? release) => kind switch
    {
        EventSourceKind.File => [.. Stub, .. KernelOf(release)],
        EventSourceKind.Section => [.. name.Split(" + ").SelectMany(section => ForSection(section, release)).Distinct()],
        _ => [],
    };

    private IEnumerable<SourcePackage> ForSection(string section, string? release) => section switch
    {
        UkiSectionName.Linux or UkiSectionName.KernelVersion or UkiSectionName.Initrd => KernelOf(release), // an initrd has the kernel's modules
        UkiSectionName.Sbat => Stub,
        _ => [],
    };

    private IEnumerable<SourcePackage> KernelOf(string? release)
    {
        SourcePackage[] named = [.. Kernel.Where(package => release is not null && package.Name.EndsWith($"-{release}", StringComparison.Ordinal))];
        return named.Length > 0 ? named : Kernel;
    }

    private static string Text(JsonElement parent, string name) => parent.GetProperty(name).GetString() ?? throw new InvalidOperationException();
}
