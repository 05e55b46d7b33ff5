using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Gpt;
using Mantle.Formats.Verity;
using Mantle.Measure;
using Microsoft.Win32.SafeHandles;

namespace Mantle.ImageBuilder.Volumes;

/// <summary>
/// Writes volumes in one pass: each run of the content is read, hashed, encrypted and written on whichever core is free. Of the hash tree only what is above
/// its lowest level is kept in memory; that level goes to its place with the run that it belongs to. The partition table comes last, for its UUIDs follow
/// from the root hash. Until then the image lies beside its place under another name.
/// </summary>
[SuppressMessage("Reliability", "CA2000", Justification = "WriteAsync disposes of journal and key whatever happens")]
public static class VolumeWriter
{
    private const int UnitLength = 1 << 20;
    private const int UnitBlocks = UnitLength / VolumeFormat.BlockLength;
    private const int SegmentUnits = 64;
    private const long Alignment = 1 << 20;

    /// <summary>Makes a volume.</summary>
    /// <exception cref="IOException">It can't be written.</exception>
    public static async Task<VolumeResult> WriteAsync(VolumeRequest request, CancellationToken cancellation)
    {
        string partial = request.Output + ".partial";
        string journalPath = partial + ".journal";
        RefuseLink(partial);
        RefuseLink(journalPath);
        string source = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
            $"{request.ContentIdentity}\0{request.Content.Length}\0{request.Name}\0{request.Version}\0{request.SealKey is not null}\0{request.SealIdentity}")));
        VolumeKey? key = null;
        VolumeJournal? journal = null;
        try
        {
            using SafeFileHandle file = File.OpenHandle(partial, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            (journal, key) = Resume(file, journalPath, source, request.SealKey is not null);
            if (journal is null)
            {
                RandomAccess.SetLength(file, 0);
                byte[]? blob = null;
                if (request.SealKey is { } seal)
                {
                    key = VolumeKey.Random(XtsCipher.KeyLength);
                    blob = SealedBlob.OfKey(await SealAsync(seal, key, cancellation).ConfigureAwait(false));
                }

                journal = VolumeJournal.Start(journalPath, source, key, blob);
            }

            VolumeResult result = Write(request, file, journal, key, cancellation);
            RandomAccess.FlushToDisk(file);

            // In this order: the journal of a volume that is finished, and its key in the key ring, would outlive it.
            journal.Finish();
            File.Move(partial, request.Output, overwrite: true);
            return result;
        }
        finally
        {
            journal?.Dispose();
            key?.Dispose();
        }
    }

    /// <summary>These names are known before, so that a killed run is resumed; a link under one of them would have another file written to.</summary>
    private static void RefuseLink(string path)
    {
        if (new FileInfo(path).LinkTarget is { } target)
        {
            throw new UserErrorException($"\"{path}\" is a link to \"{target}\", which would be written to", "remove it, or write into a folder of your own");
        }
    }

    private static async Task<byte[]> SealAsync(Func<ReadOnlyMemory<byte>, CancellationToken, Task<byte[]>> seal, VolumeKey key, CancellationToken cancellation)
    {
        byte[] copy = GC.AllocateUninitializedArray<byte>(XtsCipher.KeyLength, pinned: true);
        key.Bytes.CopyTo(copy);
        try
        {
            return await seal(copy, cancellation).ConfigureAwait(false);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(copy);
        }
    }

    private static (VolumeJournal?, VolumeKey?) Resume(SafeFileHandle file, string path, string source, bool isEncrypted)
    {
        // What is written is never nothing, for the digests of zeros are not zeros. A journal beside an empty file is of one that was removed, or emptied for another input.
        VolumeJournal? journal = RandomAccess.GetLength(file) > 0 ? VolumeJournal.TryOpen(path, source) : null;
        if (journal is null || !isEncrypted)
        {
            return (journal, null);
        }

        VolumeKey? key = journal.KeyName is { } name && journal.Blob is not null ? KernelKeyring.TryRead(name, XtsCipher.KeyLength) : null;
        if (key is null)
        {
            journal.Dispose();
            return (null, null);
        }

        return (journal, key);
    }

    private static VolumeResult Write(VolumeRequest request, SafeFileHandle file, VolumeJournal journal, VolumeKey? key, CancellationToken cancellation)
    {
        ByteSource content = request.Content;
        long blocks = content.Length / VolumeFormat.BlockLength;
        byte[] salt = VolumeFormat.Derive("verity salt", request.Name, request.Version, content.Length);
        VerityStreamBuilder tree = new(blocks, salt);
        long start = key is null ? Alignment : 2 * Alignment;
        Pass pass = new(file, content, tree, start, key);
        long segments = (((blocks - 1) / UnitBlocks) / SegmentUnits) + 1;
        long resumed = 0;
        for (long segment = 0; segment < segments; segment++)
        {
            bool isWritten = journal.IsWritten(segment);
            long first = segment * SegmentUnits;
            long last = Math.Min(first + SegmentUnits, ((blocks - 1) / UnitBlocks) + 1);
            Parallel.For(
                first, last, new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount }, pass.OpenWorker,
                (unit, _, worker) => worker.Do(unit, isWritten), worker => worker.Dispose());
            long done = Math.Min(last * UnitLength, content.Length);
            resumed += isWritten ? done - (first * UnitLength) : 0;
            if (!isWritten)
            {
                journal.Add(segment);
            }

            request.Progress?.Invoke(done, content.Length);
        }

        (ReadOnlyMemory<byte> rootHash, ByteSource head) = tree.Finish(VolumeFormat.Identifier(VolumeFormat.Derive("verity tree", request.Name, request.Version, content.Length)));
        using (Worker worker = pass.OpenWorker())
        {
            worker.WriteSource(head, content.Length);
        }

        long length = WriteTable(file, rootHash.Span, start, content.Length + tree.HashAreaLength, journal.Blob);
        return new(
            Convert.ToHexStringLower(rootHash.Span), length, content.Length, key is not null, resumed, key is null || journal.KeyName is not null);
    }

    /// <summary>Everything around the data partition; returns the disk's length.</summary>
    private static long WriteTable(SafeFileHandle file, ReadOnlySpan<byte> rootHash, long start, long dataLength, byte[]? blob)
    {
        List<GptNewPartition> partitions = [];
        if (blob is not null)
        {
            partitions.Add(new()
            {
                TypeId = VolumeFormat.KeyType, Id = VolumeFormat.KeyId(rootHash), Name = VolumeFormat.KeyName, Attributes = DiscoverablePartitions.ReadOnly,
                Content = ByteSource.FromMemory(blob), SizeBytes = SealedBlob.PartitionLength,
            });
        }

        partitions.Add(new()
        {
            TypeId = VolumeFormat.DataType, Id = VolumeFormat.DataId(rootHash), Name = VolumeFormat.DataName, Attributes = DiscoverablePartitions.ReadOnly,
            Content = ByteSource.Zeros(dataLength),
        });
        ByteSource disk = GptWriter.Layout(new GptOptions { DiskId = VolumeFormat.DiskId(rootHash), Partitions = partitions, AlignmentBytes = Alignment });
        RandomAccess.SetLength(file, disk.Length);
        RandomAccess.Write(file, disk.Slice(0, start).ToArray(), 0);
        RandomAccess.Write(file, disk.Slice(start + dataLength, disk.Length - start - dataLength).ToArray(), start + dataLength);
        return disk.Length;
    }

    /// <summary>What all workers share.</summary>
    private sealed class Pass(SafeFileHandle file, ByteSource content, VerityStreamBuilder tree, long start, VolumeKey? key)
    {
        public SafeFileHandle File => file;

        public ByteSource Content => content;

        public VerityStreamBuilder Tree => tree;

        public long Start => start;

        public Worker OpenWorker() => new(this, key);
    }

    /// <summary>One thread's buffers and cipher.</summary>
    private sealed class Worker : IDisposable
    {
        private readonly Pass _pass;
        private readonly XtsCipher? _encryption;
        private readonly VolumeKey? _key;
        private readonly byte[] _data = GC.AllocateUninitializedArray<byte>(UnitLength);
        private readonly byte[] _leaves = new byte[UnitBlocks / VerityStreamBuilder.RunBlocks * VolumeFormat.BlockLength];

        public Worker(Pass pass, VolumeKey? key)
        {
            _pass = pass;
            _key = key;
            _encryption = key is null ? null : new XtsCipher(key.Bytes, VolumeFormat.BlockLength);
        }

        /// <summary>One unit; of one that is written already only the blocks of the tree are read back.</summary>
        public Worker Do(long unit, bool isWritten)
        {
            long offset = unit * UnitLength;
            int length = (int)Math.Min(UnitLength, _pass.Content.Length - offset);
            long firstBlock = unit * UnitBlocks;
            int leafLength = (int)_pass.Tree.LeafLength(length / VolumeFormat.BlockLength);
            long leafOffset = _pass.Content.Length + _pass.Tree.LeafOffset + (firstBlock * VeritySuperblock.DigestLength);
            if (isWritten && leafLength > 0)
            {
                ReadBack(_leaves, leafLength, leafOffset);
                _pass.Tree.AddLeaves(firstBlock, _leaves.AsSpan(0, leafLength));
                return this;
            }

            _pass.Content.ReadExactly(offset, _data.AsSpan(0, length));
            _pass.Tree.AddRun(firstBlock, _data.AsSpan(0, length), _leaves.AsSpan(0, leafLength));
            WriteAt(_data, length, offset);
            WriteAt(_leaves, leafLength, leafOffset);
            return this;
        }

        /// <summary>Writes a source into the data partition.</summary>
        public void WriteSource(ByteSource source, long offset)
        {
            for (long done = 0; done < source.Length; done += UnitLength)
            {
                int count = (int)Math.Min(UnitLength, source.Length - done);
                source.ReadExactly(done, _data.AsSpan(0, count));
                WriteAt(_data, count, offset + done);
            }
        }

        public void Dispose() => _encryption?.Dispose();

        private void WriteAt(byte[] buffer, int length, long offset)
        {
            _encryption?.Transform(offset / VolumeFormat.BlockLength, buffer, 0, length);

            // Zeros of a plain volume stay a hole: the file is new, or held the same before.
            if (length > 0 && (_encryption is not null || buffer.AsSpan(0, length).IndexOfAnyExcept((byte)0) >= 0))
            {
                RandomAccess.Write(_pass.File, buffer.AsSpan(0, length), _pass.Start + offset);
            }
        }

        private void ReadBack(byte[] buffer, int length, long offset)
        {
            ByteSource.FromFile(_pass.File).ReadExactly(_pass.Start + offset, buffer.AsSpan(0, length));
            if (_key is not null)
            {
                using XtsCipher decryption = new(_key.Bytes, VolumeFormat.BlockLength, decrypts: true);
                decryption.Transform(offset / VolumeFormat.BlockLength, buffer, 0, length);
            }
        }
    }
}
