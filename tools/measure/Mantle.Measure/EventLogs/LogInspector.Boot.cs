using Mantle.Formats.Tcg;

namespace Mantle.Measure.EventLogs;

/// <summary>The course of a boot: separators, Secure Boot, boot applications, the end of boot services.</summary>
internal static partial class LogInspector
{
    private static void InspectSeparators(List<LogFinding> findings, EventLog log)
    {
        List<int> missing = [];
        for (int pcr = 0; pcr < 8; pcr++)
        {
            EventRecord[] separators = [.. log.Extending(pcr).Where(record => record.UntrustedType == EventType.Separator)];
            if (separators.Length == 0)
            {
                missing.Add(pcr);
            }
            else if (separators.Length > 1)
            {
                findings.Add(new(LogDefect.DuplicateSeparator, separators[1].Index, $"PCR {pcr} has {separators.Length}"));
            }

            EventRecord? error = separators.FirstOrDefault(record =>
                record.UntrustedData.Length != 4 || (record.UntrustedData.Span.ContainsAnyExcept((byte)0) && record.UntrustedData.Span.ContainsAnyExcept((byte)0xff)));
            if (error is not null)
            {
                findings.Add(new(LogDefect.ErrorSeparator, error.Index, $"PCR {pcr}: {Convert.ToHexStringLower(error.UntrustedData.Span[..Math.Min(error.UntrustedData.Length, 16)])}"));
            }

            // PCR 0 to 3 are the firmware's own; what comes later is hot-plugged, or not what it says.
            EventRecord? late = pcr < 4 && separators.Length > 0
                ? log.Extending(pcr).FirstOrDefault(record => record.Index > separators[0].Index && record.UntrustedType is
                    EventType.CrtmContents or EventType.CrtmVersion or EventType.EfiPlatformFirmwareBlob or EventType.EfiPlatformFirmwareBlob2 or EventType.PostCode)
                : null;
            if (late is not null)
            {
                findings.Add(new(LogDefect.FirmwareAfterSeparator, late.Index, $"PCR {pcr}: {late.UntrustedType.SpecificationName()}"));
            }
        }

        if (missing.Count > 0)
        {
            findings.Add(new(LogDefect.MissingSeparator, null, $"PCR {string.Join(", ", missing)}"));
        }
    }

    private static void InspectSecureBoot(List<LogFinding> findings, EventLog log)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        int? separator = log.Extending(7).FirstOrDefault(record => record.UntrustedType == EventType.Separator)?.Index;
        foreach (EventRecord record in log.Extending(7))
        {
            if (record.UntrustedType == EventType.EfiVariableDriverConfig && UefiVariableData.TryRead(record.UntrustedData, out UefiVariableData? variable))
            {
                names.Add(variable.Name);
                if (record.Index > separator)
                {
                    findings.Add(new(LogDefect.FirmwareAfterSeparator, record.Index, $"PCR 7: {EventText.Describe(record)}"));
                }
            }
            else if (record.UntrustedType == EventType.EfiVariableAuthority && record.Index < separator)
            {
                findings.Add(new(LogDefect.AuthorityBeforeSeparator, record.Index, "PCR 7"));
            }
        }

        string[] missing = [.. s_secureBootVariables.Where(name => !names.Contains(name))];
        if (missing.Length > 0)
        {
            findings.Add(new(LogDefect.MissingSecureBootVariables, null, string.Join(", ", missing)));
        }
    }

    private static void InspectBoot(List<LogFinding> findings, EventLog log)
    {
        EventRecord[] images = [.. log.Events.Where(record => record.UntrustedType == EventType.EfiBootServicesApplication)];
        EventRecord? elsewhere = images.FirstOrDefault(record => record.Register != 4);
        if (elsewhere is not null)
        {
            findings.Add(new(LogDefect.ImagesInOtherPcr, elsewhere.Index, $"PCR {elsewhere.Register}"));
        }
        else if (images.Length == 0)
        {
            findings.Add(new(LogDefect.NoBootImage, null, "no EV_EFI_BOOT_SERVICES_APPLICATION"));
        }

        EventRecord? table = log.Events.FirstOrDefault(record =>
            record.UntrustedType is EventType.EfiGptEvent or EventType.EfiGptEvent2 && record.Register != 5);
        if (table is not null)
        {
            findings.Add(new(LogDefect.PartitionTableInOtherPcr, table.Index, $"PCR {table.Register}"));
        }

        int attempts = log.Extending(4).Count(record => Says(record, "Calling EFI Application from Boot Option"u8));
        if (attempts > 1)
        {
            findings.Add(new(LogDefect.SeveralBootAttempts, null, $"{attempts} attempts"));
        }

        if (!log.Events.Any(record => Says(record, "Exit Boot Services Returned with Success"u8)))
        {
            findings.Add(new(LogDefect.MissingExitBootServices, null, "no \"Exit Boot Services Returned with Success\""));
        }

        EventRecord? failure = log.Events.FirstOrDefault(record => Says(record, "Exit Boot Services Returned with Failure"u8));
        if (failure is not null)
        {
            findings.Add(new(LogDefect.ExitBootServicesRetried, failure.Index, "\"Exit Boot Services Returned with Failure\""));
        }
    }

    private static bool Says(EventRecord record, ReadOnlySpan<byte> text) =>
        record.UntrustedType is EventType.EfiAction or EventType.Action && record.UntrustedData.Span.TrimEnd((byte)0).SequenceEqual(text);
}
