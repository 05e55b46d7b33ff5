using System.Buffers.Binary;
using System.Text;
using Mantle.Formats.Tcg;

namespace Mantle.Measure.EventLogs;

/// <summary>Events of boot loaders and kernels, which share two types and tell themselves apart by tag, PCR and text.</summary>
internal static partial class EventExplainer
{
    private const uint LoadOptionsTag = 0x8F3B22ED;
    private const uint InitrdTag = 0x8F3B22EC;
    private const uint LoaderConfigurationTag = 0xF5BC582A;
    private const uint DevicetreeTag = 0x6C46F751;
    private const uint InitrdAddonTag = 0x49DFFE0F;
    private const uint MicrocodeAddonTag = 0xDAC08E1A;
    private const uint ProfileTag = 0x13AED6DB;

    private static (string Meaning, ContentOwner Owner) Tag(EventRecord record)
    {
        ReadOnlySpan<byte> data = record.UntrustedData.Span;
        return (data.Length < 8 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(data)) switch
        {
            LoadOptionsTag => ("the kernel command line as Linux got it; only its digest is logged", ContentOwner.CommandLine),
            InitrdTag => ("the initrd as Linux got it; only its digest is logged", ContentOwner.Disk),
            LoaderConfigurationTag => ("loader.conf of systemd-boot", ContentOwner.Disk),
            DevicetreeTag => ("a device tree from an addon", ContentOwner.Disk),
            InitrdAddonTag => ("an initrd from an addon", ContentOwner.Disk),
            MicrocodeAddonTag => ("microcode from an addon", ContentOwner.Disk),
            ProfileTag => ("the boot profile that was chosen", ContentOwner.CommandLine),
            _ when SipaEvents.TryDescribe(data, out _) => ("what Windows' boot loader found", ContentOwner.OperatingSystem),
            _ => ("tagged data of a boot loader", ContentOwner.Disk),
        };
    }

    private static (string Meaning, ContentOwner Owner) Ipl(EventRecord record)
    {
        string text = Text(record.UntrustedData.Span);
        return record.Register switch
        {
            8 when text.StartsWith("grub_cmd: ", StringComparison.Ordinal) => ("a command that GRUB ran", ContentOwner.Disk),
            8 when text.StartsWith("kernel_cmdline: ", StringComparison.Ordinal) => ("the kernel command line as GRUB hands it over", ContentOwner.CommandLine),
            8 => ("what a boot loader was told", ContentOwner.CommandLine),
            9 => ("a file that a boot loader read; the text is its path, its bytes are hashed", ContentOwner.Disk),
            11 => ("a section of the unified kernel image, its name and then its content, or a boot phase", ContentOwner.Disk),
            12 when text.EndsWith("initrd", StringComparison.Ordinal) => ("files from the ESP that systemd-stub hands to the initrd; the archive is hashed", ContentOwner.Disk),
            12 => ("words for the kernel command line that do not come from the image", ContentOwner.CommandLine),
            13 => ("system extensions from the ESP; the archive is hashed", ContentOwner.Disk),
            14 => ("shim's list of the owner's keys", ContentOwner.FirmwareVariables),
            _ => ("something that a boot loader measured", ContentOwner.Disk),
        };
    }

    private static string Text(ReadOnlySpan<byte> data) =>
        (data.Length >= 4 && data.Length % 2 == 0 && data[1] == 0 ? Encoding.Unicode : Encoding.UTF8).GetString(data[..Math.Min(data.Length, 512)]).TrimEnd('\0');
}
