using Mantle.Formats.Tcg;
using Mantle.Formats.Tpm;

namespace Mantle.Measure.EventLogs;

/// <summary>Looks for the known defects in the events of a log.</summary>
internal static partial class LogInspector
{
    private static readonly Guid s_shim = new("605dab50-e046-4300-abb6-3dd810dd8b23");
    private static readonly string[] s_secureBootVariables = ["SecureBoot", "PK", "KEK", "db", "dbx"];

    public static IReadOnlyList<LogFinding> Inspect(LoadedLog loaded)
    {
        List<LogFinding> findings = [.. loaded.Findings];
        EventLog log = loaded.Log;
        if (loaded.Encoding == LogEncoding.Sha1)
        {
            findings.Add(new(LogDefect.Sha1Only, null, "the first record is no Spec ID record"));
        }

        findings.AddRange(log.Banks.Where(bank => !bank.IsComputable()).Select(bank => new LogFinding(LogDefect.UnknownBank, null, bank.Name())));
        foreach (EventRecord record in log.Events)
        {
            if (record.IsExtended)
            {
                InspectDigests(findings, record);
                InspectContent(findings, record);
            }
            else
            {
                InspectNoAction(findings, record);
            }
        }

        EventRecord[] named = [.. log.Events.Where(record =>
            record.UntrustedType == EventType.EfiVariableBoot && record.CheckDigest() == DigestCheck.Verified && !record.Measured(record.UntrustedData.Span))];
        if (named.Length > 0)
        {
            findings.Add(new(LogDefect.VariableContentOnly, named[0].Index, named.Length == 1 ? "this event" : $"this event and {named.Length - 1} more"));
        }

        InspectLocality(findings, log);
        bool isFirmwareLog = log.Events.Any(record => record.IsExtended && record.Register < 8);
        if (isFirmwareLog)
        {
            InspectSeparators(findings, log);
            InspectSecureBoot(findings, log);
            InspectBoot(findings, log);
        }

        return findings;
    }

    private static void InspectNoAction(List<LogFinding> findings, EventRecord record)
    {
        ReadOnlySpan<byte> data = record.UntrustedData.Span;
        LogDefect? defect =
            data.StartsWith(SpecIdEvent.Signature) || data.StartsWith("StartupLocality\0"u8) || SipaEvents.IsTrustPoint(data) ? null
            : data.StartsWith("SP800-155 Event"u8) ? LogDefect.Sp800155
            : LogDefect.UnknownNoAction;
        if (defect is not null)
        {
            findings.Add(new(defect, record.Index, EventText.Describe(record)));
        }

        if (!SipaEvents.IsTrustPoint(data) && record.Digests.Any(digest => !digest.IsZero))
        {
            findings.Add(new(LogDefect.NoActionDigest, record.Index, EventText.Describe(record)));
        }
    }

    private static void InspectDigests(List<LogFinding> findings, EventRecord record)
    {
        TpmDigest[] zero = [.. record.Digests.Where(digest => digest.IsZero)];
        if (zero.Length > 0)
        {
            findings.Add(new(LogDefect.ZeroDigest, record.Index, string.Join(", ", zero.Select(digest => digest.Algorithm.Name()))));
        }

        TpmDigest sha1 = record.Digests.FirstOrDefault(digest => digest.Algorithm == TpmAlgorithm.Sha1 && !digest.IsZero);
        TpmDigest padded = record.Digests.FirstOrDefault(digest => sha1.Bytes.Length > 0 && digest.Algorithm != TpmAlgorithm.Sha1
            && digest.Bytes.StartsWith(sha1.Bytes) && !digest.Bytes[sha1.Bytes.Length..].ContainsAnyExcept((byte)0));
        if (padded.Bytes.Length > 0)
        {
            findings.Add(new(LogDefect.PaddedDigest, record.Index, padded.Algorithm.Name()));
        }

        if (record.CheckDigest() == DigestCheck.Mismatch && !IsShimAuthority(record))
        {
            bool isMixed = record.Digests.Any(digest => digest.Algorithm.IsComputable() && digest.Algorithm.HashData(record.UntrustedData.Span) == digest);
            findings.Add(new(isMixed ? LogDefect.MixedDigests : LogDefect.DigestMismatch, record.Index, EventText.Describe(record)));
        }
    }

    private static bool IsShimAuthority(EventRecord record) =>
        record.UntrustedType == EventType.EfiVariableAuthority && record.UntrustedData.Length >= 16 && new Guid(record.UntrustedData.Span[..16]) == s_shim;

    private static void InspectContent(List<LogFinding> findings, EventRecord record)
    {
        if (!Enum.IsDefined(record.UntrustedType))
        {
            findings.Add(new(LogDefect.UnknownType, record.Index, record.UntrustedType.SpecificationName()));
        }

        if (record.UntrustedType is EventType.EfiVariableDriverConfig or EventType.EfiVariableBoot or EventType.EfiVariableBoot2 or EventType.EfiVariableAuthority)
        {
            bool isVariable = UefiVariableData.TryRead(record.UntrustedData, out UefiVariableData? variable);
            if (IsShimAuthority(record) && (!isVariable || record.CheckDigest() == DigestCheck.Mismatch))
            {
                findings.Add(new(LogDefect.ShimAuthority, record.Index, $"{record.UntrustedData.Length} bytes"));
            }
            else if (!isVariable)
            {
                findings.Add(new(LogDefect.MalformedData, record.Index, $"{record.UntrustedType.SpecificationName()} is no UEFI_VARIABLE_DATA"));
            }
            else if (variable!.Name.EndsWith('\0'))
            {
                findings.Add(new(LogDefect.VariableNameWithNul, record.Index, EventText.Describe(record)));
            }
        }

        if (record.UntrustedType == EventType.EfiHcrtmEvent)
        {
            findings.Add(new(LogDefect.HardwareCrtm, record.Index, EventText.Describe(record)));
        }

        if (record.UntrustedType is EventType.EfiAction or EventType.Action)
        {
            LogDefect? defect = record.UntrustedData.Span switch
            {
                var text when text.StartsWith("UEFI Debug Mode"u8) => LogDefect.DebugMode,
                var text when text.StartsWith("DMA Protection Disabled"u8) => LogDefect.DmaProtectionOff,
                _ => null,
            };
            if (defect is not null)
            {
                findings.Add(new(defect, record.Index, EventText.Describe(record)));
            }
        }
    }

    /// <summary>PFP 10.4.5.3: the record is the first of PCR 0, once, with locality 0, 3 or 4.</summary>
    private static void InspectLocality(List<LogFinding> findings, EventLog log)
    {
        bool isStarted = false;
        foreach (EventRecord record in log.Events.Where(record => record.Register == 0))
        {
            if (record.IsExtended)
            {
                isStarted = true;
            }
            else if (record.UntrustedData.Span.StartsWith("StartupLocality\0"u8))
            {
                bool isSound = !isStarted && record.UntrustedData.Length == 17 && record.UntrustedData.Span[16] <= 4;
                byte locality = record.UntrustedData.Span[^1];
                if (!isSound || locality != 0)
                {
                    findings.Add(new(isSound ? LogDefect.StartupLocality : LogDefect.BadLocality, record.Index, $"locality {locality}"));
                }

                isStarted = true;
            }
        }
    }
}
