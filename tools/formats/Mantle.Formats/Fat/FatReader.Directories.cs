using System.Buffers.Binary;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Fat;

/// <summary>Directories: their entries, and the contents that these refer to.</summary>
public static partial class FatReader
{
    // PATH_MAX. Without a limit, the paths of a long chain of directories would cost the square of its length.
    private const int MaximumPathLength = 4096;

    private sealed class Directories(ByteSource source, FatGeometry geometry, FatTable table)
    {
        private readonly Queue<FatEntry> _pending = new();

        public List<FatEntry> Entries { get; } = [];

        public string Label { get; private set; } = "";

        public void ReadAll()
        {
            ByteSource root = geometry.RootEntries > 0
                ? source.Slice(geometry.RootOffset, (long)geometry.RootEntries * FatFormat.EntrySize)
                : ReadChain(geometry.RootCluster, 44, out _);
            ReadDirectory(root, null, geometry.RootEntries > 0 ? geometry.RootOffset : geometry.ClusterOffset(geometry.RootCluster));
            while (_pending.TryDequeue(out FatEntry? directory))
            {
                ReadDirectory(directory.Content, directory, geometry.ClusterOffset(directory.FirstCluster));
            }
        }

        private ByteSource ReadChain(uint first, long entryOffset, out int fragments)
        {
            List<FatTable.Run> runs = table.Follow(first, FatFormat.MaximumDirectoryLength / Math.Min(geometry.ClusterSize, FatFormat.MaximumDirectoryLength), entryOffset);
            fragments = runs.Count;
            return Compose(runs, runs.Sum(run => (long)run.Count) * geometry.ClusterSize);
        }

        private ByteSource Compose(List<FatTable.Run> runs, long length)
        {
            if (runs.Count == 1)
            {
                return source.Slice(geometry.ClusterOffset(runs[0].First), length);
            }

            List<ByteSource.Extent> extents = new(runs.Count);
            long offset = 0;
            foreach (FatTable.Run run in runs)
            {
                long size = Math.Min((long)run.Count * geometry.ClusterSize, length - offset);
                extents.Add(new(offset, source.Slice(geometry.ClusterOffset(run.First), size)));
                offset += size;
            }

            return ByteSource.Compose(length, extents);
        }

        private void ReadDirectory(ByteSource content, FatEntry? directory, long start)
        {
            byte[] bytes = content.ToArray();
            LongNameReader longName = new();
            HashSet<string> names = new(StringComparer.OrdinalIgnoreCase);
            int dots = directory is null ? 2 : 0;
            for (int at = 0; at < bytes.Length; at += FatFormat.EntrySize)
            {
                ReadOnlySpan<byte> entry = bytes.AsSpan(at, FatFormat.EntrySize);

                // Where in the input the entry is, as long as the directory is in one piece: good enough for a message.
                long offset = start + at;
                if (entry[0] == 0)
                {
                    // Linux reads on behind the end, firmware does not.
                    if (bytes.AsSpan(at).ContainsAnyExcept((byte)0))
                    {
                        throw Malformed(offset, $"directory \"{directory?.Path}\" goes on behind its end");
                    }

                    break;
                }

                if (entry[0] == FatFormat.Deleted)
                {
                    longName.RequireNone(offset);
                }
                else if ((entry[11] & FatFormat.LongNameMask) == FatFormat.LongName)
                {
                    longName.Add(entry, offset);
                }
                else if ((entry[11] & FatFormat.VolumeLabel) != 0)
                {
                    longName.RequireNone(offset);
                    ReadLabel(entry, directory is null, offset);
                }
                else if (directory is not null && dots < 2)
                {
                    CheckDots(entry, directory, dots++, offset);
                }
                else
                {
                    ReadEntry(entry, directory, ref longName, names, offset);
                }
            }

            longName.RequireNone(start + bytes.Length);
            if (dots < 2)
            {
                throw Malformed(start, $"\"{directory?.Path}\" does not start with \".\" and \"..\"");
            }
        }

        private void ReadLabel(ReadOnlySpan<byte> entry, bool inRoot, long offset)
        {
            if (!inRoot || Label.Length > 0 || (entry[11] & FatFormat.Directory) != 0)
            {
                throw Malformed(offset, "a volume label outside the root directory, or a second one");
            }

            Label = ShortNames.DecodeLabel(entry);
        }

        private void CheckDots(ReadOnlySpan<byte> entry, FatEntry directory, int index, long offset)
        {
            bool named = entry[..FatFormat.ShortNameLength].SequenceEqual(index == 0 ? ".          "u8 : "..         "u8);
            uint cluster = FirstCluster(entry);
            bool right = index == 0
                ? cluster == directory.FirstCluster
                : cluster == (directory.Parent?.FirstCluster ?? 0) || (directory.Parent is null && cluster == geometry.RootCluster);
            if (!named || !right || (entry[11] & FatFormat.Directory) == 0)
            {
                throw Malformed(offset, $"\"{directory.Path}\" does not start with \".\" and \"..\", or these lead elsewhere");
            }
        }

        private void ReadEntry(ReadOnlySpan<byte> entry, FatEntry? directory, ref LongNameReader longName, HashSet<string> names, long offset)
        {
            if (!ShortNames.IsSound(entry))
            {
                throw Malformed(offset, "a short name has a character that none may have");
            }

            string shortName = ShortNames.Decode(entry, 0);
            string name = longName.Take(entry, offset) ?? ShortNames.Decode(entry, entry[12]);
            int pathLength = (directory is null ? 0 : directory.PathLength + 1) + name.Length;
            if (name is "." or ".." || name.AsSpan().ContainsAny('/', '\0') || !FatFormat.IsText(name) || pathLength > MaximumPathLength)
            {
                throw Malformed(offset, $"\"{name}\" is no file name, or its path has {pathLength} UTF-16 units");
            }

            if (!names.Add(name) || (!name.Equals(shortName, StringComparison.OrdinalIgnoreCase) && !names.Add(shortName)))
            {
                throw Malformed(offset, $"\"{name}\" is there twice");
            }

            uint size = BinaryPrimitives.ReadUInt32LittleEndian(entry[28..]);
            uint cluster = FirstCluster(entry);
            bool isDirectory = (entry[11] & FatFormat.Directory) != 0;
            if (isDirectory ? size != 0 : (size == 0) != (cluster == 0))
            {
                throw Malformed(offset, $"\"{name}\" has {size} bytes and starts at cluster {cluster}");
            }

            int fragments = 0;
            ByteSource content = isDirectory ? ReadChain(cluster, offset, out fragments)
                : size > 0 ? ReadContent(name, cluster, size, offset, out fragments)
                : ByteSource.Empty;
            FatEntry read = new()
            {
                Parent = directory,
                Name = name,
                PathLength = pathLength,
                ShortName = shortName,
                Attributes = entry[11],
                ModifiedSeconds = ReadTime(entry[24..], entry[22..], offset),
                CreatedSeconds = ReadTime(entry[16..], entry[14..], offset),
                FirstCluster = cluster,
                FragmentCount = fragments,
                Content = content,
            };
            Entries.Add(read);
            if (isDirectory)
            {
                _pending.Enqueue(read);
            }
        }

        private ByteSource ReadContent(string name, uint cluster, uint size, long offset, out int fragments)
        {
            long expected = (size + (long)geometry.ClusterSize - 1) / geometry.ClusterSize;
            List<FatTable.Run> runs = table.Follow(cluster, expected, offset);
            long found = runs.Sum(run => (long)run.Count);
            fragments = runs.Count;
            return found == expected ? Compose(runs, size) : throw Malformed(offset, $"\"{name}\" has {size} bytes but only {found} clusters");
        }

        /// <summary>The upper half is meaningless on FAT12 and FAT16.</summary>
        private uint FirstCluster(ReadOnlySpan<byte> entry) =>
            BinaryPrimitives.ReadUInt16LittleEndian(entry[26..])
            | (geometry.Kind == FatKind.Fat32 ? (uint)BinaryPrimitives.ReadUInt16LittleEndian(entry[20..]) << 16 : 0);

        private static long ReadTime(ReadOnlySpan<byte> date, ReadOnlySpan<byte> time, long offset) =>
            FatTime.Decode(BinaryPrimitives.ReadUInt16LittleEndian(date), BinaryPrimitives.ReadUInt16LittleEndian(time), offset);
    }
}
