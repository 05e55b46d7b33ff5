namespace Mantle.Formats.Erofs.Compression;

/// <summary>
/// Decompressed extents that were read in part and are likely to be read on, the most recent ones up to a number of bytes. Shared by all files
/// of an image, since many small ones may lie in one cluster. Threads that miss the same extent at once both decompress it.
/// </summary>
internal sealed class ErofsClusterCache
{
    /// <summary>Room for the largest extent there can be.</summary>
    private const int Capacity = 16 << 20;

    private readonly Lock _lock = new();
    private readonly Dictionary<Key, LinkedListNode<(Key Key, byte[] Bytes)>> _entries = [];
    private readonly LinkedList<(Key Key, byte[] Bytes)> _byUse = new(); // the most recent first
    private int _length;

    public byte[]? Find(Key key)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(key, out LinkedListNode<(Key Key, byte[] Bytes)>? node))
            {
                return null;
            }

            _byUse.Remove(node);
            _byUse.AddFirst(node);
            return node.Value.Bytes;
        }
    }

    /// <summary>Keeps bytes, which nobody may change from now on.</summary>
    public void Add(Key key, byte[] bytes)
    {
        lock (_lock)
        {
            if (_entries.ContainsKey(key))
            {
                return;
            }

            _length += bytes.Length;
            _entries.Add(key, _byUse.AddFirst((key, bytes)));
            while (_length > Capacity)
            {
                (Key oldest, byte[] old) = _byUse.Last!.Value;
                _byUse.RemoveLast();
                _entries.Remove(oldest);
                _length -= old.Length;
            }
        }
    }

    /// <summary>An extent of a file.</summary>
    public readonly record struct Key(ErofsCompressedSource Source, int Extent);
}
