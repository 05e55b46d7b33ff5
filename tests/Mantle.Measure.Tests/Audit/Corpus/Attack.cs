namespace Mantle.Measure.Tests.Audit.Corpus;

/// <summary>A sealed image with one way in, planted by somebody clever.</summary>
/// <param name="Name">What was done.</param>
/// <param name="Rule">The rule that is meant for it.</param>
/// <param name="Place">Where that rule must find it.</param>
/// <param name="Image">The image.</param>
internal sealed record Attack(string Name, string Rule, string Place, PlantedImage Image)
{
    public const string Uki = $"esp:/{PlantedImage.BootPath}";

    public const string Initrd = $"initrd({PlantedImage.BootPath}):";

    public override string ToString() => Name;
}
