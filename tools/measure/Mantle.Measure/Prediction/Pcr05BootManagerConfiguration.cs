using Mantle.Formats.Tcg;

namespace Mantle.Measure.Prediction;

/// <summary>PCR 5, boot manager configuration: the partition table of the boot disk, and the end of boot services.</summary>
internal static class Pcr05BootManagerConfiguration
{
    public const int Index = 5;

    public static PcrPlan Plan(BootInputs inputs) => inputs.GptEvent is null
        ? PcrPlan.Unknown(Index, "it measures the partition table, and the input is not a disk image")
        : new(
            Index,
            [
                PlannedEvent.Separator,
                new(
                    EventType.EfiGptEvent,
                    inputs.GptEvent,
                    "primary GPT header and the partition entries in use",
                    new(EventSourceKind.PartitionTable, "GPT")),
                PlannedEvent.Action("Exit Boot Services Invocation"),
                PlannedEvent.Action("Exit Boot Services Returned with Success"),
            ]);
}
