using System.Text;

namespace Mantle.Boot.Tests;

/// <summary>A screenshot: a binary portable pixmap (P6, three bytes a pixel).</summary>
internal static class Pixmap
{
    /// <summary>How many pixels are not black.</summary>
    public static int CountLit(byte[] file)
    {
        int position = 0;
        string[] header = new string[4];
        for (int i = 0; i < header.Length; i++)
        {
            int end = file.AsSpan(position).IndexOfAny((byte)'\n', (byte)' ');
            header[i] = Encoding.ASCII.GetString(file, position, end);
            position += end + 1;
        }

        Assert.Equal("P6", header[0]);
        Assert.Equal(3 * int.Parse(header[1]) * int.Parse(header[2]), file.Length - position);
        return file.AsSpan(position).ToArray().Chunk(3).Count(pixel => pixel.Any(x => x != 0));
    }
}
