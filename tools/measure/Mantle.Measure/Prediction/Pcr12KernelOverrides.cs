using System.Globalization;
using Mantle.Formats.Bytes;
using Mantle.Formats.Pe.Uki;

namespace Mantle.Measure.Prediction;

/// <summary>
/// PCR 12, overrides: the number of a profile, a command line from elsewhere, addons, credentials, configuration extensions. A sealed image
/// has none, so the PCR stays zero, and a policy that binds it to zero keeps out whoever adds one.
/// </summary>
internal static class Pcr12KernelOverrides
{
    public const int Index = 12;

    private const uint ProfileTag = 0x13aed6db;
    private const uint DevicetreeAddonTag = 0x6c46f751;
    private const uint MicrocodeAddonTag = 0xdac08e1a;
    private const uint InitrdAddonTag = 0x49dffe0f;

    public static PcrPlan Plan(BootInputs inputs)
    {
        if (inputs.UnknownExtras is { } unknown)
        {
            return PcrPlan.Unknown(Index, unknown);
        }

        KernelCommandLine commandLine = KernelCommandLine.Of(inputs);
        if (commandLine.UnknownOverrides is { } problem)
        {
            return PcrPlan.Unknown(Index, problem);
        }

        List<PlannedEvent> events = [];
        if (inputs.Profile > 0)
        {
            string number = inputs.Profile.ToString(CultureInfo.InvariantCulture);
            events.Add(PlannedEvent.Tagged(
                ProfileTag, null, ByteSource.FromMemory(PlannedEvent.Utf16(number)), $"profile {number}", new(EventSourceKind.CommandLine, $"@{number}")));
        }

        AddText(events, commandLine.FromLoadOptions, "command line of the boot entry", new(EventSourceKind.CommandLine, "load options"));
        if (commandLine.FromAddons.Length > 0)
        {
            EventSource source = EventSource.Join(
                [.. inputs.Addons.Where(addon => addon.Section(UkiSectionName.CommandLine) is not null).Select(addon => new EventSource(EventSourceKind.Companion, addon.Name))]);
            AddText(events, commandLine.FromAddons, "command line of addons", source);
        }

        AddText(events, commandLine.FromFirmware, "command line of the firmware", new(EventSourceKind.CommandLine, "SMBIOS type 11"));
        events.AddRange(Tagged(inputs.Addons, DevicetreeAddonTag, UkiSectionName.Devicetree));
        events.AddRange(inputs.Archives.Where(archive => archive.Register == Index).Select(Archive));
        events.AddRange(Tagged(inputs.Addons.Reverse(), MicrocodeAddonTag, UkiSectionName.Microcode));
        events.AddRange(Tagged(inputs.Addons, InitrdAddonTag, UkiSectionName.Initrd));
        return new(Index, events);
    }

    /// <summary>The event of an archive of files from the ESP.</summary>
    public static PlannedEvent Archive(CompanionArchive archive) =>
        PlannedEvent.Ipl(archive.Content, archive.Title, $"{archive.Title}: {archive.Source.Name}", archive.Source);

    private static void AddText(List<PlannedEvent> events, string text, string what, EventSource source)
    {
        if (text.Length > 0)
        {
            events.Add(PlannedEvent.Ipl(ByteSource.FromMemory(PlannedEvent.Utf16(text)), text, $"{what} \"{text}\"", source));
        }
    }

    private static IEnumerable<PlannedEvent> Tagged(IEnumerable<LoadedAddon> addons, uint tag, string section) => addons
        .Where(addon => addon.Section(section) is not null)
        .Select(addon => PlannedEvent.Tagged(
            tag,
            PlannedEvent.Utf16(addon.Name),
            addon.Section(section)!,
            $"{section} of addon {addon.Name}",
            new(EventSourceKind.Companion, addon.Name)));
}
