using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Measure.Comparison;

namespace Mantle.Measure.Impact;

/// <summary>
/// Compares two lock files as data. Which PCRs a package can move follows from what the lock says that it is used for; whether it does, only built
/// images tell.
/// </summary>
public static class LockImpact
{
    private const string Format = "lock";
    private const int MaximumSize = 64 << 20;

    /// <summary>For every use of a package the PCRs that its content reaches.</summary>
    private static readonly (string Use, int[] Pcrs, string Way)[] s_uses =
    [
        ("kernel", [4, 5, 9, 11], "the kernel and its modules are sections .linux and .initrd of the UKI"),
        ("stub", [4, 5, 9, 11], "the stub is the UKI's program and brings section .sbat"),
        ("root", [4, 5, 9, 11], "the root file system's hash is on the command line, and names its partitions"),
        ("toolchain", [4, 5, 9, 11], "the guest's programs are linked with it"),
    ];

    private static readonly int[] s_pcrs = [4, 5, 7, 9, 11, 12, 13];

    /// <summary>Whether a content is a lock file.</summary>
    public static bool IsLock(ByteSource source)
    {
        if (source.Length is 0 or > MaximumSize)
        {
            return false;
        }

        Span<byte> start = stackalloc byte[1];
        source.ReadExactly(0, start);
        return start[0] == '{' && source.ToArray().AsSpan().IndexOf("\"inputsSha256\""u8) >= 0;
    }

    /// <summary>Compares.</summary>
    /// <exception cref="MalformedInputException">One is no lock file.</exception>
    public static ImpactReport Compare(ByteSource a, ByteSource b)
    {
        SortedDictionary<string, LockedPackage> packagesA = Read(a, out string inputsA);
        SortedDictionary<string, LockedPackage> packagesB = Read(b, out string inputsB);
        List<PackageDifference> packages = [];
        SortedDictionary<int, List<string>> because = [];
        List<string> causes = [];
        foreach (string name in packagesA.Keys.Union(packagesB.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            (LockedPackage? ofA, LockedPackage? ofB) = (packagesA.GetValueOrDefault(name), packagesB.GetValueOrDefault(name));
            if (ofA == ofB)
            {
                continue;
            }

            PackageDifference difference = new(PrintedText.Escape(name), Escape(ofA?.Version), Escape(ofB?.Version));
            packages.Add(difference);
            string[] uses = [.. (ofA?.Uses ?? []).Union(ofB?.Uses ?? [], StringComparer.Ordinal).Order(StringComparer.Ordinal)];
            causes.Add($"{difference.Name} {difference.A ?? "absent"} -> {difference.B ?? "absent"}, used for {PrintedText.Escape(string.Join(", ", uses))}");
            foreach (string use in uses)
            {
                Reach(because, use, difference.Name);
            }
        }

        return new()
        {
            Pcrs = [.. s_pcrs.Select(index => new PcrImpact(
                index, because.ContainsKey(index) ? PcrFate.MayMove : PcrFate.Stays, null, null, because.GetValueOrDefault(index) ?? []))],
            Causes = causes,
            Inputs = inputsA == inputsB ? [] : [new("what the recipe asks for", inputsA, inputsB)],
            Packages = packages,
            Notes = packages.Count == 0 ? [] : ["locks only: whether a PCR moves, and to which value, is certain when both images are built"],
        };
    }

    private static void Reach(SortedDictionary<int, List<string>> because, string use, string package)
    {
        // A use that is not known here may reach everything that the image decides.
        (string _, int[] pcrs, string way) = Array.Find(s_uses, known => known.Use == use) is { Pcrs: not null } found
            ? found
            : (use, [4, 5, 9, 11], $"it is used for {PrintedText.Escape(use)}");
        foreach (int index in pcrs)
        {
            if (!because.TryGetValue(index, out List<string>? reasons))
            {
                because.Add(index, reasons = []);
            }

            reasons.Add($"{package}: {way}");
        }
    }

    private static SortedDictionary<string, LockedPackage> Read(ByteSource source, out string inputs)
    {
        if (source.Length > MaximumSize)
        {
            throw new MalformedInputException(Format, 0, $"{source.Length} bytes are more than a lock can have");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(source.ToArray(), new JsonDocumentOptions { AllowDuplicateProperties = false });
            SortedDictionary<string, LockedPackage> packages = new(StringComparer.Ordinal);
            inputs = Text(document.RootElement.GetProperty("inputsSha256"));
            foreach (JsonElement package in document.RootElement.GetProperty("packages").EnumerateArray())
            {
                string name = $"{Text(package.GetProperty("name"))}";
                LockedPackage locked = new(
                    Text(package.GetProperty("version")), Text(package.GetProperty("sha256")),
                    string.Join('\n', package.GetProperty("uses").EnumerateArray().Select(Text)));
                if (!packages.TryAdd(name, locked))
                {
                    throw new MalformedInputException(Format, 0, "a package comes twice");
                }
            }

            return packages;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new MalformedInputException(Format, (e as JsonException)?.BytePositionInLine ?? 0, "not a lock file");
        }
    }

    private static string Text(JsonElement element) => element.GetString() ?? throw new InvalidOperationException();

    private static string? Escape(string? text) => text is null ? null : PrintedText.Escape(text);

    private sealed record LockedPackage(string Version, string Sha256, string UseLines)
    {
        public string[] Uses => UseLines.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
