namespace Mantle.Formats.Compression;

/// <summary>
/// Decompressed blocks that are likely to be read again, the most recent ones up to a number of bytes. Shared by all files
/// of an image, since many small ones may lie in one block. Threads that miss the same block at once both decompress it.
/// </summary>
/// <param name="capacity">Bytes that are kept.</param>
internal sealed class BlockCache<TKey>(int capacity)
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, LinkedListNode<(TKey Key, byte[] Bytes)>> _entries = [];
    private readonly LinkedList<(TKey Key, byte[] Bytes)> _byUse = new(); // the most recent first
    private long _length;

    public byte[]? Find(TKey key)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(key, out LinkedListNode<(TKey Key, byte[] Bytes)>? node))
            {
                return null;
            }

            _byUse.Remove(node);
            _byUse.AddFirst(node);
            return node.Value.Bytes;
        }
    }

    /// <summary>Keeps bytes, which nobody may change from now on.</summary>
    public void Add(TKey key, byte[] bytes)
    {
        lock (_lock)
        {
            if (_entries.ContainsKey(key))
            {
                return;
            }

            _length += bytes.Length;
            _entries.Add(key, _byUse.AddFirst((key, bytes)));
            while (_length > capacity)
            {
                (TKey oldest, byte[] old) = _byUse.Last!.Value;
                _byUse.RemoveLast();
                _entries.Remove(oldest);
                _length -= old.Length;
            }
        }
    }
}
