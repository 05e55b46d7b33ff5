using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Pe.Uki;
using Mantle.Formats.Tcg;

namespace Mantle.Measure.Prediction;

/// <summary>
/// PCR 9, what the kernel's EFI stub measures about its own inputs: the command line and the initrd as systemd-stub hands them over.
/// </summary>
internal static class Pcr09KernelInputs
{
    public const int Index = 9;

    public static PcrPlan Plan(BootInputs inputs)
    {
        if (!inputs.Stub.InitrdIsKnown)
        {
            return PcrPlan.Unknown(Index, $"the initrd that systemd-stub {inputs.Stub.Major} hands to the kernel is not known");
        }

        if (inputs.KernelRelease is null || !inputs.KernelRelease.StartsWith("6.12.", StringComparison.Ordinal))
        {
            return PcrPlan.Unknown(
                Index, $"what kernel \"{inputs.KernelRelease ?? "of unknown release"}\" measures is not known; 6.12 is");
        }

        if (!CommandLine.TryRead(inputs, out string? commandLine, out string? problem))
        {
            return PcrPlan.Unknown(Index, problem!);
        }

        List<PlannedEvent> events =
        [
            new(
                EventType.EventTag,
                ByteSource.FromMemory(Encoding.Unicode.GetBytes(commandLine + "\0")),
                $"LOADED_IMAGE::LoadOptions \"{commandLine}\"",
                new(EventSourceKind.Section, UkiSectionName.CommandLine)),
        ];
        List<(string Section, ByteSource Piece)> pieces = InitrdPieces(inputs);
        if (pieces.Count > 0)
        {
            events.Add(new(
                EventType.EventTag,
                Join([.. pieces.Select(piece => piece.Piece)]),
                "Linux initrd, as the stub assembles it",
                new(EventSourceKind.Section, string.Join(" + ", pieces.Select(piece => piece.Section)))));
        }

        return new(Index, events);
    }

    /// <summary>Stub 257's order, without what only the ESP and the firmware could add (that would show in PCR 12 and 13).</summary>
    private static List<(string Section, ByteSource Piece)> InitrdPieces(BootInputs inputs)
    {
        List<(string, ByteSource)> pieces = [];
        foreach ((string section, string? archived) in new (string, string?)[]
        {
            (UkiSectionName.Microcode, null),
            (UkiSectionName.Initrd, null),
            (UkiSectionName.PcrSignature, "tpm2-pcr-signature.json"),
            (UkiSectionName.PcrPublicKey, "tpm2-pcr-public-key.pem"),
            (UkiSectionName.OsRelease, "os-release"),
        })
        {
            if (inputs.Section(section) is { } content)
            {
                pieces.Add((section, archived is null ? content : StubArchive.Make(archived, content)));
            }
        }

        return pieces;
    }

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
