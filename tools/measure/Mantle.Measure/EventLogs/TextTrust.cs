namespace Mantle.Measure.EventLogs;

/// <summary>What an event's digests say about the text that is shown for it. A digest counts once the replay equals the TPM's values.</summary>
public enum TextTrust
{
    /// <summary>The text is what was hashed: who changes it changes the PCR.</summary>
    Hashed,

    /// <summary>Something else was hashed; the text is a label that whoever wrote the log could choose.</summary>
    Label,

    /// <summary>By its type the text should be what was hashed, and it is not.</summary>
    Contradicted,

    /// <summary>Nothing was hashed: no PCR covers the event at all.</summary>
    NotMeasured,
}

/// <summary>Who decides on the bytes that an event measures. Hashed does not mean trustworthy: it means that they cannot be denied.</summary>
public enum ContentOwner
{
    /// <summary>The firmware's maker.</summary>
    Firmware,

    /// <summary>Whoever may write the firmware's variables: keys, boot entries, settings.</summary>
    FirmwareVariables,

    /// <summary>Whoever may write the boot disk.</summary>
    Disk,

    /// <summary>Whoever may hand words to the kernel: firmware variables, SMBIOS strings, files on the ESP.</summary>
    CommandLine,

    /// <summary>The booted system itself.</summary>
    OperatingSystem,
}
