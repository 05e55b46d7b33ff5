using Mantle.Formats.Bytes;
using Mantle.Formats.Pe.Uki;

namespace Mantle.Measure.Prediction;

/// <summary>
/// PCR 9, what the kernel's EFI stub measures about its own inputs: the command line and the initrd as systemd-stub hands them over.
/// </summary>
internal static class Pcr09KernelInputs
{
    public const int Index = 9;

    private const uint LoadOptionsTag = 0x8f3b22ed;
    private const uint InitrdTag = 0x8f3b22ec;

    public static PcrPlan Plan(BootInputs inputs)
    {
        if (inputs.Stub.InitrdProblem is { } initrdProblem)
        {
            return PcrPlan.Unknown(Index, initrdProblem);
        }

        if (inputs.KernelRelease is null || !inputs.KernelRelease.StartsWith("6.12.", StringComparison.Ordinal))
        {
            return PcrPlan.Unknown(
                Index, $"what kernel \"{inputs.KernelRelease ?? "of unknown release"}\" measures is not known; 6.12 is");
        }

        KernelCommandLine commandLine = KernelCommandLine.Of(inputs);
        if (commandLine.Unknown is { } problem)
        {
            return PcrPlan.Unknown(Index, problem);
        }

        List<PlannedEvent> events = [];
        if (commandLine.Text.Length > 0)
        {
            events.Add(PlannedEvent.Tagged(
                LoadOptionsTag,
                "LOADED_IMAGE::LoadOptions\0"u8.ToArray(),
                ByteSource.FromMemory(PlannedEvent.Utf16(commandLine.Text)),
                $"LOADED_IMAGE::LoadOptions \"{commandLine.Text}\"",
                EventSource.Join(commandLine.Sources)));
        }

        List<(EventSource Source, ByteSource Piece)> pieces = InitrdPieces(inputs);
        if (pieces.Count > 0)
        {
            events.Add(PlannedEvent.Tagged(
                InitrdTag,
                "Linux initrd\0"u8.ToArray(),
                Join([.. pieces.Select(piece => piece.Piece)]),
                "Linux initrd, as the stub assembles it",
                EventSource.Join([.. pieces.Select(piece => piece.Source)])));
        }

        return new(Index, events);
    }

    /// <summary>Stub 257's order: microcode before everything, addons' initrds behind everything.</summary>
    private static List<(EventSource Source, ByteSource Piece)> InitrdPieces(BootInputs inputs)
    {
        List<(EventSource, ByteSource)> pieces = [];
        void AddSection(string section, string? archived)
        {
            if (inputs.Section(section) is { } content)
            {
                pieces.Add((new(EventSourceKind.Section, section), archived is null ? content : StubArchive.Make(archived, content)));
            }
        }

        pieces.AddRange(inputs.Addons.Reverse().SelectMany(addon => Piece(addon, UkiSectionName.Microcode)));
        AddSection(UkiSectionName.Microcode, null);
        AddSection(UkiSectionName.Initrd, null);
        pieces.AddRange(inputs.Archives.Select(archive => (archive.Source, archive.Content)));
        AddSection(UkiSectionName.PcrSignature, "tpm2-pcr-signature.json");
        AddSection(UkiSectionName.PcrPublicKey, "tpm2-pcr-public-key.pem");
        AddSection(UkiSectionName.OsRelease, "os-release");
        AddSection(UkiSectionName.Profile, "profile");
        pieces.AddRange(inputs.Addons.SelectMany(addon => Piece(addon, UkiSectionName.Initrd)));
        return pieces;
    }

    private static IEnumerable<(EventSource, ByteSource)> Piece(LoadedAddon addon, string section) =>
        addon.Section(section) is { } content ? [(new(EventSourceKind.Companion, addon.Name), content)] : [];

    /// <summary>A single piece is handed over as it is; several are each padded to 4 bytes.</summary>
    private static ByteSource Join(IReadOnlyList<ByteSource> pieces)
    {
        if (pieces.Count == 1)
        {
            return pieces[0];
        }

        List<ByteSource.Extent> extents = [];
        long length = 0;
        foreach (ByteSource piece in pieces)
        {
            extents.Add(new(length, piece));
            length = (length + piece.Length + 3) & ~3L;
        }

        return ByteSource.Compose(length, extents);
    }
}
