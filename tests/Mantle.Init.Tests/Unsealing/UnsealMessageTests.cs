using System.Text;
using Mantle.Init.Unsealing;

namespace Mantle.Init.Tests.Unsealing;

public sealed class UnsealMessageTests
{
    [Fact]
    public void Messages_are_read_field_by_field()
    {
        UnsealMessage key = UnsealMessage.Read([(byte)'K', 1, (byte)'w', .. new byte[64]]);
        Assert.Equal((UnsealMessageKind.Key, "w", 64), (key.Kind, key.Name, key.Content.Length));
        UnsealMessage file = UnsealMessage.Read([(byte)'F', 2, .. "ab"u8, 1, 7, 8]);
        Assert.Equal((UnsealMessageKind.File, "ab", true, 2), (file.Kind, file.Name, file.IsLast, file.Content.Length));
        Assert.Equal(0x62, UnsealMessage.Read([(byte)'S', 0x62]).Code);
        Assert.Equal(UnsealMessageKind.Done, UnsealMessage.Read("D"u8).Kind);
    }

    [Fact]
    public void A_blob_goes_with_its_name() => Assert.Equal("B\u0001wxyz", Encoding.ASCII.GetString(UnsealMessage.Blob("w", "xyz"u8)));

    [Fact]
    public void No_bytes_break_it()
    {
        Hostile.Attack([(byte)'F', 5, .. "token"u8, 0, .. "content"u8], bytes => UnsealMessage.Read(bytes));
        Hostile.Attack([(byte)'K', 1, (byte)'w', .. new byte[64]], bytes => UnsealMessage.Read(bytes));
        Hostile.Attack([(byte)'S', 0x40], bytes => UnsealMessage.Read(bytes));
    }
}
