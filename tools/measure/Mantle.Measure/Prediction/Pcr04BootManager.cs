using Mantle.Formats.Tcg;

namespace Mantle.Measure.Prediction;

/// <summary>PCR 4, boot manager code: the firmware's announcement, then every image that it loads.</summary>
internal static class Pcr04BootManager
{
    public const int Index = 4;

    public static PcrPlan Plan(BootInputs inputs)
    {
        List<PlannedEvent> events =
        [
            PlannedEvent.Action("Calling EFI Application from Boot Option"),
            PlannedEvent.Separator,
            new(
                EventType.EfiBootServicesApplication,
                inputs.ImageHashInput,
                "Authenticode digest of the boot file",
                new(EventSourceKind.File, inputs.BootFile)),
        ];
        if (inputs.Stub.MeasuresInnerKernel)
        {
            events.Add(new(
                EventType.EfiBootServicesApplication,
                inputs.KernelHashInput,
                "Authenticode digest of the inner kernel",
                new(EventSourceKind.Section, Mantle.Formats.Pe.Uki.UkiSectionName.Linux)));
        }

        return new(Index, events);
    }
}
