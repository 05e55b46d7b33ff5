using Mantle.Formats.Bytes;
using Mantle.Formats.Pe.Uki;

namespace Mantle.Measure.Prediction;

/// <summary>Everything that the rules of the single PCRs look at, taken from the image once.</summary>
internal sealed record BootInputs
{
    public required string BootFile { get; init; }

    /// <summary>The bytes of the boot file that its Authenticode digest covers.</summary>
    public required ByteSource ImageHashInput { get; init; }

    /// <summary>The bytes of the inner kernel that its Authenticode digest covers.</summary>
    public required ByteSource KernelHashInput { get; init; }

    public required IReadOnlyList<UkiSection> Sections { get; init; }

    public required StubRules Stub { get; init; }

    public required string? KernelRelease { get; init; }

    public required SecureBootState SecureBoot { get; init; }

    /// <summary>The data of EV_EFI_GPT_EVENT, or null when the input is not a disk.</summary>
    public required ByteSource? GptEvent { get; init; }

    public ByteSource? Section(string name) => Sections.FirstOrDefault(section => section.Name == name)?.Content;
}
