using System.Buffers.Binary;
using System.Text;

namespace Mantle.Boot.Tests.Matrix;

/// <summary>The content of a variable Boot#### (EFI_LOAD_OPTION; UEFI 2.10, 3.1.3), as somebody with the account's powers could put it into UefiData.</summary>
internal static class BootOption
{
    private const uint Active = 1;

    /// <summary>An entry for the removable-media path of whatever disk has it, with words for what it starts.</summary>
    public static byte[] ForRemovableMedia(string words)
    {
        byte[] path = [.. FilePath("\\EFI\\BOOT\\BOOTX64.EFI"), 0x7f, 0xff, 4, 0]; // and the end of the whole path
        byte[] option = new byte[6];
        BinaryPrimitives.WriteUInt32LittleEndian(option, Active);
        BinaryPrimitives.WriteUInt16LittleEndian(option.AsSpan(4), (ushort)path.Length);
        return [.. option, .. Text("entry with words"), .. path, .. Text(words)];
    }

    /// <summary>The short form of a device path: a media device path of type file path (10.3.5.4).</summary>
    private static byte[] FilePath(string path)
    {
        byte[] text = Text(path);
        byte[] header = [4, 4, 0, 0];
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(2), (ushort)(header.Length + text.Length));
        return [.. header, .. text];
    }

    private static byte[] Text(string text) => Encoding.Unicode.GetBytes(text + "\0");
}
