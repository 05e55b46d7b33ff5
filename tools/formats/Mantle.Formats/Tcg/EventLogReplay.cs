using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;

namespace Mantle.Formats.Tcg;

/// <summary>Computes the register values that a log's extends lead to.</summary>
public static class EventLogReplay
{
    private const byte HighestLocality = 4;

    private static ReadOnlySpan<byte> StartupLocality => "StartupLocality\0"u8;

    /// <summary>
    /// Replays every extending record in the banks that can be computed. A StartupLocality record sets where PCR 0 starts (PFP 10.4.5.3); EV_NO_ACTION
    /// extends nothing.
    /// </summary>
    /// <exception cref="MalformedInputException">A StartupLocality record comes twice, after an extend of PCR 0, or names no locality.</exception>
    public static PcrValues Replay(this EventLog log)
    {
        PcrState state = new(log.Banks.Where(TpmHash.IsComputable));
        bool isStarted = false;
        foreach (EventRecord record in log.Events)
        {
            if (record.IsExtended)
            {
                isStarted |= record.Register == 0;
                foreach (TpmDigest digest in record.Digests)
                {
                    state.Extend((int)record.Register, digest);
                }
            }
            else if (record.Register == 0 && record.UntrustedData.Span.StartsWith(StartupLocality))
            {
                if (isStarted || record.UntrustedData.Length != StartupLocality.Length + 1 || record.UntrustedData.Span[^1] > HighestLocality)
                {
                    throw new MalformedInputException(EventLog.Format, record.Offset, "a startup locality that is none, is late, or comes twice");
                }

                state.StartAtLocality(record.UntrustedData.Span[^1]);
                isStarted = true;
            }
        }

        return state.ToValues();
    }
}
