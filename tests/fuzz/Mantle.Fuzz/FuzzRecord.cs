using System.IO.MemoryMappedFiles;

namespace Mantle.Fuzz;

/// <summary>
/// Files in which each worker leaves the input that it is at. They survive what no handler does: an overflowing stack, a fault in native code.
/// </summary>
internal sealed class FuzzRecord : IDisposable
{
    private const int Largest = 1 << 22;

    private readonly string[] _paths;
    private readonly MemoryMappedFile[] _files;
    private readonly MemoryMappedViewAccessor[] _views;

    public FuzzRecord(string folder, string reader, int workers)
    {
        Directory.CreateDirectory(folder);
        _paths = [.. Enumerable.Range(0, workers).Select(number => Path.Combine(folder, $"{reader}-last-{number}.bin"))];
        _files = [.. _paths.Select(path => MemoryMappedFile.CreateFromFile(path, FileMode.Create, null, Largest))];
        _views = [.. _files.Select(file => file.CreateViewAccessor())];
    }

    public void Write(int worker, byte[] input)
    {
        // Length first, then the bytes: what follows them is of earlier inputs.
        _views[worker].Write(0, input.Length);
        _views[worker].WriteArray(4, input, 0, Math.Min(input.Length, Largest - 4));
    }

    /// <summary>Removes the files: the process has lived to tell.</summary>
    public void Dispose()
    {
        for (int i = 0; i < _files.Length; i++)
        {
            _views[i].Dispose();
            _files[i].Dispose();
            File.Delete(_paths[i]);
        }
    }
}
