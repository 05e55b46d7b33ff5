using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Pe;
using Mantle.Formats.Pe.Uki;
using Mantle.Formats.Tcg;
using Mantle.Formats.Tpm;
using Mantle.Measure.Prediction;

namespace Mantle.Measure.Explain;

/// <summary>What should have booted: a prediction, and the bytes behind it where they are at hand.</summary>
public sealed class ExpectedBoot
{
    private const int LongestText = 1 << 16;

    /// <summary>Hashed once: a search asks for it many times.</summary>
    private Lazy<ModelEvent>? _innerKernel;

    private ExpectedBoot(string name, ImagePrediction prediction)
    {
        Name = name;
        Prediction = prediction;
        Model = BootModel.From(prediction);
    }

    /// <summary>What to call it.</summary>
    public string Name { get; }

    /// <summary>The prediction.</summary>
    public ImagePrediction Prediction { get; }

    internal BootModel Model { get; }

    /// <summary>The boot file; null when only a document is there.</summary>
    internal ByteSource? BootFile { get; private init; }

    /// <summary>The sections of the UKI; empty when only a document is there.</summary>
    internal IReadOnlyList<UkiSection> Sections { get; private init; } = [];

    /// <summary>The firmware's event of the inner kernel, which is there to be had though it was not expected; null when only a document is there.</summary>
    internal ModelEvent? InnerKernel => _innerKernel?.Value;

    /// <summary>The data of EV_EFI_GPT_EVENT.</summary>
    internal byte[]? GptEvent { get; private init; }

    /// <summary>The command line as the kernel gets it; null if it is not known.</summary>
    internal string? CommandLine { get; private init; }

    /// <summary>From a document alone.</summary>
    public static ExpectedBoot FromDocument(string name, ImagePrediction prediction) =>
        new(name, prediction) { CommandLine = FindCommandLine(prediction, null) };

    /// <summary>From a document and the image or UKI that it is about; or, without a document, from the image by predicting it.</summary>
    /// <param name="name">What to call it.</param>
    /// <param name="image">A disk image or a UKI.</param>
    /// <param name="prediction">The document, if there is one.</param>
    /// <exception cref="MalformedInputException">The image is malformed.</exception>
    /// <exception cref="UserErrorException">The image cannot be predicted.</exception>
    public static ExpectedBoot FromImage(string name, ByteSource image, ImagePrediction? prediction = null)
    {
        prediction ??= Predictor.Predict(image, new() { Banks = TpmHash.Computable, InputName = name });
        BootFile boot = BootFileLocator.Locate(image, name);
        UkiImage uki = UkiReader.Read(boot.Content);
        uki.TryGetSection(UkiSectionName.Linux, out ByteSource? linux);
        uki.TryGetSection(UkiSectionName.CommandLine, out ByteSource? commandLine);
        return new(name, prediction)
        {
            BootFile = boot.Content,
            Sections = uki.Sections,
            _innerKernel = linux is null ? null : new(() => StreamedEvent.Of(
                EventType.EfiBootServicesApplication, AuthenticodeDigest.HashedContent(PeImage.Read(linux)), "inner kernel", UkiSectionName.Linux)),
            GptEvent = boot.GptEvent?.ToArray(),
            CommandLine = FindCommandLine(prediction, commandLine),
        };
    }

    /// <summary>A section's content, if it is at hand and small.</summary>
    internal byte[]? SmallSection(string name) =>
        Sections.FirstOrDefault(section => section.Name == name)?.Content is { Length: <= LongestText } content ? content.ToArray() : null;

    /// <summary>
    /// A candidate counts only if its digest is the predicted one: the tidied section, or the text that a document quotes in the event's description.
    /// </summary>
    private static string? FindCommandLine(ImagePrediction prediction, ByteSource? section)
    {
        if (prediction.Pcrs.FirstOrDefault(pcr => pcr.Index == 9)?.Events is not [PredictedEvent e, ..])
        {
            return null;
        }

        List<string> candidates = [];
        int quote = e.Description.IndexOf('"', StringComparison.Ordinal);
        if (quote >= 0 && e.Description.EndsWith('"') && e.Description.Length > quote + 1)
        {
            candidates.Add(e.Description[(quote + 1)..^1]);
        }

        if (section is { Length: <= LongestText })
        {
            candidates.Add(string.Concat(Encoding.Latin1.GetString(section.ToArray()).Select(c => c is <= ' ' or '\u007f' ? ' ' : c)).Trim(' '));
        }

        return candidates.FirstOrDefault(text => ModelEvent.From(e).IsOf(Encoding.Unicode.GetBytes(text + "\0")));
    }
}
