using Mantle.Formats.Tpm;

namespace Mantle.Formats.Tcg;

/// <summary>Prints a log for people: a line a record, then its digests.</summary>
public static class EventLogPrinter
{
    /// <summary>Prints all records. A record's text is marked <c>verified</c> or <c>MISMATCH</c> where the digests can say so.</summary>
    public static void Print(EventLog log, TextWriter writer)
    {
        foreach (EventRecord record in log.Events)
        {
            string check = record.CheckDigest() switch
            {
                DigestCheck.Verified => " verified",
                DigestCheck.Mismatch => " MISMATCH",
                _ => "",
            };
            string register = record.Register < PcrValues.RegisterCount ? $"PCR {record.Register}" : "no PCR";
            writer.Write($"{record.Index,4}  {register,-6}  {record.UntrustedType.SpecificationName()}{check}  {EventText.Describe(record)}\n");
            if (record.IsExtended)
            {
                foreach (TpmDigest digest in record.Digests)
                {
                    writer.Write($"              {digest.Algorithm.Name(),-7} {digest}\n");
                }
            }
        }
    }
}
