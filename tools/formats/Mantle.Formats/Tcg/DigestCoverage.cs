namespace Mantle.Formats.Tcg;

/// <summary>For which event types the event data is what was hashed (PFP table 27, column "digest").</summary>
internal static class DigestCoverage
{
    public enum Kind
    {
        /// <summary>The data describes, in words or addresses, what was hashed.</summary>
        None,

        /// <summary>The data was hashed.</summary>
        Data,

        /// <summary>EV_EFI_VARIABLE_BOOT: the variable's content by the specification, the whole structure by EDK II.</summary>
        DataOrVariableContent,
    }

    public static Kind Of(EventType type) => type switch
    {
        EventType.Separator or
        EventType.Action or
        EventType.EfiAction or
        EventType.CrtmVersion or
        EventType.EfiVariableDriverConfig or
        EventType.EfiVariableAuthority or
        EventType.EfiVariableBoot2 or
        EventType.EfiGptEvent => Kind.Data,
        EventType.EfiVariableBoot => Kind.DataOrVariableContent,
        _ => Kind.None,
    };
}
