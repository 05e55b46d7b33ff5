using Mantle.Formats.Pe.Uki;
using Mantle.Formats.Tcg;

namespace Mantle.Measure.Prediction;

/// <summary>PCR 4, boot manager code: the firmware's announcement, then every image that it loads.</summary>
internal static class Pcr04BootManager
{
    public const int Index = 4;

    private const string Calling = "Calling EFI Application from Boot Option";
    private const string Returning = "Returning from EFI Application from Boot Option";

    public static PcrPlan Plan(BootInputs inputs) => inputs.Addons.Count > 0 && inputs.UnknownExtras is { } unknown
        ? PcrPlan.Unknown(Index, unknown)
        : new(
            Index,
            [
                PlannedEvent.Action(Calling),
                PlannedEvent.Separator,
                .. Enumerable.Repeat<PlannedEvent[]>([PlannedEvent.Action(Returning), PlannedEvent.Action(Calling)], inputs.FailedAttempts).SelectMany(pair => pair),
                .. inputs.Firmware.ApplicationRegister == Index ? Applications(inputs) : [],
            ]);

    /// <summary>The images that the firmware loads and thereby measures, in order, into whichever register it uses for them.</summary>
    public static List<PlannedEvent> Applications(BootInputs inputs)
    {
        List<PlannedEvent> events =
        [
            new(
                EventType.EfiBootServicesApplication,
                inputs.ImageHashInput,
                "Authenticode digest of the boot file",
                new(EventSourceKind.File, inputs.BootFile)),
        ];
        foreach (LoadedAddon addon in inputs.Addons)
        {
            events.Add(new(
                EventType.EfiBootServicesApplication,
                addon.HashInput,
                $"Authenticode digest of addon {addon.Name}",
                new(EventSourceKind.Companion, addon.Name)));
        }

        // With Secure Boot the stub answers for the kernel itself, before the firmware's measuring handler would run.
        if (inputs.Stub.MeasuresInnerKernel && inputs.SecureBoot != SecureBootState.On)
        {
            events.Add(new(
                EventType.EfiBootServicesApplication,
                inputs.KernelHashInput,
                "Authenticode digest of the inner kernel",
                new(EventSourceKind.Section, UkiSectionName.Linux)));
        }

        return events;
    }
}
