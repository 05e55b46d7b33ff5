using Mantle.Formats.Tcg;

namespace Mantle.Measure.Prediction;

/// <summary>PCR 5, boot manager configuration: the partition table of the boot disk, and the end of boot services.</summary>
internal static class Pcr05BootManagerConfiguration
{
    public const int Index = 5;

    public const string NoDisk = "it measures the partition table, and the input is not a disk image";

    public static PcrPlan Plan(BootInputs inputs)
    {
        bool isHere = inputs.Firmware.PartitionTableRegister == Index;
        return isHere && inputs.GptEvent is null
            ? PcrPlan.Unknown(Index, NoDisk)
            : new(
                Index,
                [
                    PlannedEvent.Separator,
                    .. isHere ? [PartitionTable(inputs)] : Array.Empty<PlannedEvent>(),
                    PlannedEvent.Action("Exit Boot Services Invocation"),
                    PlannedEvent.Action("Exit Boot Services Returned with Success"),
                ]);
    }

    /// <summary>The partition table's event, in whichever register the firmware uses for it.</summary>
    public static PlannedEvent PartitionTable(BootInputs inputs) => PlannedEvent.Whole(
        EventType.EfiGptEvent,
        inputs.GptEvent!.ToArray(),
        "primary GPT header and the partition entries in use",
        new(EventSourceKind.PartitionTable, "GPT"));
}
