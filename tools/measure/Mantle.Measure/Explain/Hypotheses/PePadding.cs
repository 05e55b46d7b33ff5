using Mantle.Formats.Bytes;
using Mantle.Formats.Pe;
using Mantle.Formats.Tcg;

namespace Mantle.Measure.Explain.Hypotheses;

/// <summary>A boot file whose size is no multiple of 8: signers fill it up, and firmware hashes a signed file with the filling, an unsigned one without.</summary>
internal sealed class PePadding : Hypothesis
{
    private const int Alignment = 8;

    public override string Id => "pe-padding";

    public override string Name => "boot file hashed with or without padding (signed or unsigned)";

    public override string? Needs(ExplainContext context) => context.Expected.BootFile is null ? "the image itself" : null;

    public override IEnumerable<Candidate> Candidates(ExplainContext context)
    {
        if (context.Expected.BootFile is not { } file || file.Length % Alignment == 0)
        {
            yield break;
        }

        long padded = (file.Length + Alignment - 1) & ~(Alignment - 1L);
        ByteSource filled = ByteSource.Compose(padded, [new(0, file)]);
        ModelEvent e = StreamedEvent.Of(EventType.EfiBootServicesApplication, AuthenticodeDigest.HashedContent(PeImage.Read(filled)), "boot file, padded", "");
        yield return Make(
            $"the boot file was hashed with {padded - file.Length} bytes of padding, as a signed file is: it was signed after the prediction, or by a tool that pads first",
            "make the unsigned boot file's size a multiple of 8, or predict the signed file",
            model => model.With(4, events => events.Select(old => old.IsBootFile ? e : old)));
    }
}
