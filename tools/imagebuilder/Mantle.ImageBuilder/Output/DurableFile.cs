namespace Mantle.ImageBuilder.Output;

/// <summary>A small file that is on the disk when writing it returns.</summary>
internal static class DurableFile
{
    public static void Write(string path, Action<Stream> content)
    {
        using FileStream file = new(path, FileMode.CreateNew);
        content(file);
        file.Flush(flushToDisk: true);
    }
}
