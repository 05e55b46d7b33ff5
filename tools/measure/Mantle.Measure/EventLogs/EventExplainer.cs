using System.Text;
using Mantle.Formats.Tcg;

namespace Mantle.Measure.EventLogs;

/// <summary>Says in words what a record means (PFP table 27, and the conventions of shim, GRUB, systemd, Linux and Windows).</summary>
internal static partial class EventExplainer
{
    public static ExplainedEvent Explain(EventRecord record)
    {
        (string meaning, ContentOwner owner) = Meaning(record);
        ReadOnlySpan<byte> data = record.UntrustedData.Span;
        string text = record.UntrustedType == EventType.EventTag && SipaEvents.TryDescribe(data, out string windows) ? windows : EventText.Describe(record);
        return new(record, meaning, text, Trust(record), owner);
    }

    private static TextTrust Trust(EventRecord record)
    {
        if (!record.IsExtended)
        {
            return TextTrust.NotMeasured;
        }

        return record.CheckDigest() switch
        {
            DigestCheck.Verified => TextTrust.Hashed,
            DigestCheck.Mismatch => TextTrust.Contradicted,
            _ => IsOwnText(record) ? TextTrust.Hashed : TextTrust.Label,
        };
    }

    /// <summary>
    /// Types whose data may be anything: the data as it is, without its NUL, what GRUB and shim write behind a prefix, or a name that the log has in UTF-16
    /// and the stub measured in ASCII.
    /// </summary>
    private static bool IsOwnText(EventRecord record)
    {
        ReadOnlySpan<byte> data = record.UntrustedData.Span;
        if (record.Measured(data) || (data.EndsWith("\0"u8) && record.Measured(data[..^1])))
        {
            return true;
        }

        int prefix = data.IndexOf(": "u8);
        if (prefix > 0)
        {
            ReadOnlySpan<byte> rest = data[(prefix + 2)..];
            return record.Measured(rest) || record.Measured(rest.TrimEnd((byte)0));
        }

        return data.Length is > 2 and < 128 && data.Length % 2 == 0 && data[1] == 0
            && record.Measured(Encoding.ASCII.GetBytes(Encoding.Unicode.GetString(data)));
    }

    private static (string Meaning, ContentOwner Owner) Meaning(EventRecord record) => record.UntrustedType switch
    {
        EventType.PrebootCertificate => ("a certificate of the platform", ContentOwner.Firmware),
        EventType.PostCode or EventType.PostCode2 => ("code or tables of the firmware, such as ACPI", ContentOwner.Firmware),
        EventType.NoAction => NoAction(record),
        EventType.Separator => ("end of the firmware's own events in this PCR", ContentOwner.Firmware),
        EventType.Action or EventType.EfiAction => Action(record),
        EventType.EventTag => Tag(record),
        EventType.CrtmContents => ("the first code that runs", ContentOwner.Firmware),
        EventType.CrtmVersion => ("version of the first code that runs", ContentOwner.Firmware),
        EventType.CpuMicrocode => ("a processor's microcode", ContentOwner.Firmware),
        EventType.PlatformConfigFlags => ("settings of the platform", ContentOwner.FirmwareVariables),
        EventType.TableOfDevices => ("list of devices", ContentOwner.Firmware),
        EventType.CompactHash => ("a hash that the firmware or a loader reports", ContentOwner.Firmware),
        EventType.Ipl => Ipl(record),
        EventType.IplPartitionData => ("data of a boot loader's partition", ContentOwner.Disk),
        EventType.NonhostCode => ("code of another processor on the board", ContentOwner.Firmware),
        EventType.NonhostConfig => ("settings of another processor on the board", ContentOwner.Firmware),
        EventType.NonhostInfo => ("what another processor, or the hypervisor, says of itself", ContentOwner.Firmware),
        EventType.OmitBootDeviceEvents => ("the firmware leaves out boot devices", ContentOwner.Firmware),
        EventType.EfiVariableDriverConfig => Variable(record),
        EventType.EfiVariableBoot or EventType.EfiVariableBoot2 => ("a boot entry or the order of boot entries", ContentOwner.FirmwareVariables),
        EventType.EfiVariableAuthority => Authority(record),
        EventType.EfiBootServicesApplication => ("a program that the firmware loads to boot; its Authenticode digest", ContentOwner.Disk),
        EventType.EfiBootServicesDriver => ("a driver that the firmware loads, such as an option ROM", ContentOwner.Firmware),
        EventType.EfiRuntimeServicesDriver => ("a driver that stays when the system runs", ContentOwner.Firmware),
        EventType.EfiGptEvent or EventType.EfiGptEvent2 => ("the partition table of the disk that is booted from", ContentOwner.Disk),
        EventType.EfiPlatformFirmwareBlob or EventType.EfiPlatformFirmwareBlob2 => ("a part of the firmware; its address and length are logged, its bytes are hashed", ContentOwner.Firmware),
        EventType.EfiHandoffTables or EventType.EfiHandoffTables2 => ("tables that the firmware hands over, such as SMBIOS", ContentOwner.Firmware),
        EventType.EfiHcrtmEvent => ("the hardware measured the first code that runs", ContentOwner.Firmware),
        EventType.EfiSpdmFirmwareBlob or EventType.EfiSpdmFirmwareConfig => ("firmware or settings of a device, as the device reports them (SPDM)", ContentOwner.Firmware),
        EventType.EfiSpdmDevicePolicy or EventType.EfiSpdmDeviceAuthority => ("keys that devices are checked with (SPDM)", ContentOwner.FirmwareVariables),
        _ => ("an event type that the specification does not have", ContentOwner.Firmware),
    };

    private static (string Meaning, ContentOwner Owner) NoAction(EventRecord record)
    {
        ReadOnlySpan<byte> data = record.UntrustedData.Span;
        return data.StartsWith(SpecIdEvent.Signature) ? ("head of the log: its version and banks", ContentOwner.Firmware)
            : data.StartsWith("StartupLocality\0"u8) ? ("where PCR 0 starts", ContentOwner.Firmware)
            : data.StartsWith("SP800-155 Event"u8) ? ("which reference manifest describes this platform", ContentOwner.Firmware)
            : SipaEvents.IsTrustPoint(data) ? ("Windows' quote over the log so far", ContentOwner.OperatingSystem)
            : ("a remark of the firmware", ContentOwner.Firmware);
    }

    private static (string Meaning, ContentOwner Owner) Action(EventRecord record)
    {
        ReadOnlySpan<byte> text = record.UntrustedData.Span.TrimEnd((byte)0);
        string meaning =
            text.SequenceEqual("Calling EFI Application from Boot Option"u8) ? "the firmware tries a boot entry"
            : text.SequenceEqual("Returning from EFI Application from Boot Option"u8) ? "the boot entry before came back: it did not boot, or was refused"
            : text.SequenceEqual("Exit Boot Services Invocation"u8) ? "the operating system asks the firmware to leave"
            : text.SequenceEqual("Exit Boot Services Returned with Success"u8) ? "the operating system has taken over"
            : text.SequenceEqual("Exit Boot Services Returned with Failure"u8) ? "the firmware refused to leave; the system asks again"
            : text.StartsWith("UEFI Debug Mode"u8) ? "a firmware debugger could be attached"
            : text.StartsWith("DMA Protection Disabled"u8) ? "devices could write to memory while the firmware ran"
            : "something that the firmware did";
        return (meaning, ContentOwner.Firmware);
    }

    private static (string Meaning, ContentOwner Owner) Variable(EventRecord record)
    {
        string? name = UefiVariableData.TryRead(record.UntrustedData, out UefiVariableData? variable) ? variable.Name : null;
        string meaning = name switch
        {
            "SecureBoot" => variable!.Content.Length == 0 ? "the firmware cannot do Secure Boot"
                : variable.Content.Span[0] == 1 ? "Secure Boot is on"
                : "Secure Boot is off",
            "PK" => "the key that may change the other keys",
            "KEK" => "keys that may change db and dbx",
            "db" => "keys and digests that may boot",
            "dbx" => "keys and digests that must not boot",
            "dbt" => "keys of time stamps",
            _ => "a firmware variable that decides on booting",
        };
        return (meaning, ContentOwner.FirmwareVariables);
    }

    private static (string Meaning, ContentOwner Owner) Authority(EventRecord record)
    {
        string? name = UefiVariableData.TryRead(record.UntrustedData, out UefiVariableData? variable) ? variable.Name : null;
        return name switch
        {
            "MokListTrusted" or "MokList" or "Shim" or "SbatLevel" => ("what shim takes as its authority", ContentOwner.FirmwareVariables),
            _ => ("the entry of db that allowed the next image to start", ContentOwner.FirmwareVariables),
        };
    }
}
