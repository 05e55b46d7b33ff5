using System.Buffers.Binary;
using System.Text;

namespace Mantle.Formats.Tests.Cose;

/// <summary>CBOR by hand, so that it can be wrong in ways that no library writes.</summary>
internal static class Cbor
{
    public static byte[] Null { get; } = [0xf6];

    public static byte[] Break { get; } = [0xff];

    public static byte[] Head(int major, ulong argument) => argument switch
    {
        < 24 => [(byte)((major << 5) | (int)argument)],
        <= byte.MaxValue => LongHead(major, argument, 1),
        <= ushort.MaxValue => LongHead(major, argument, 2),
        <= uint.MaxValue => LongHead(major, argument, 4),
        _ => LongHead(major, argument, 8),
    };

    /// <summary>A head with the argument in so many bytes, needed or not.</summary>
    public static byte[] LongHead(int major, ulong argument, int size)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, argument);
        return [(byte)((major << 5) | (24 + int.Log2(size))), .. bytes[^size..]];
    }

    public static byte[] Indefinite(int major) => [(byte)((major << 5) | 31)];

    public static byte[] Number(ulong value) => Head(0, value);

    public static byte[] Negative(int value) => Head(1, (ulong)(-1 - value));

    public static byte[] Bytes(params byte[] value) => [.. Head(2, (ulong)value.Length), .. value];

    public static byte[] Text(string value) => [.. Head(3, (ulong)Encoding.UTF8.GetByteCount(value)), .. Encoding.UTF8.GetBytes(value)];

    public static byte[] Array(params byte[][] items) => [.. Head(4, (ulong)items.Length), .. items.SelectMany(item => item)];

    public static byte[] Map(params (byte[] Key, byte[] Value)[] entries) => [.. Head(5, (ulong)entries.Length), .. entries.SelectMany(e => (byte[])[.. e.Key, .. e.Value])];
}
