using System.ComponentModel;
using System.Runtime.InteropServices;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tcg;
using Mantle.Formats.Tpm;
using Microsoft.Win32.SafeHandles;

namespace Mantle.Emulator.Machine;

/// <summary>
/// The guest's memory, which QEMU keeps in a file that we can read at any time. It is how the firmware's event log is had without asking the guest.
/// </summary>
internal sealed class GuestMemory : IDisposable
{
    /// <summary>EDK II reserves 64 KiB for its log.</summary>
    private const int AreaSize = 256 << 10;
    private const int RecordHeaderSize = 32;
    private const int ChunkSize = 4 << 20;

    private readonly SafeFileHandle _file;
    private readonly long _length;

    public GuestMemory(string path)
    {
        _file = File.OpenHandle(path, share: FileShare.ReadWrite);
        _length = RandomAccess.GetLength(_file);
    }

    /// <summary>Where records lie that could start a crypto-agile log. Firmware and boot loaders keep copies, so there may be several.</summary>
    public IReadOnlyList<long> FindLogs()
    {
        List<long> found = [];
        byte[] buffer = new byte[ChunkSize];
        ReadOnlySpan<byte> signature = SpecIdEvent.Signature;
        foreach ((long start, long end) in Populated())
        {
            // Chunks overlap by a header and a signature, less one byte.
            int overlap = RecordHeaderSize + signature.Length - 1;
            for (long offset = start; offset < end; offset += ChunkSize - overlap)
            {
                ReadOnlySpan<byte> chunk = buffer.AsSpan(0, RandomAccess.Read(_file, buffer.AsSpan(0, (int)Math.Min(ChunkSize, end - offset)), offset));
                for (int at = 0; chunk[at..].IndexOf(signature) is >= 0 and int next; at += next + 1)
                {
                    int header = at + next - RecordHeaderSize;
                    if (header >= 0 && IsRecordHeader(chunk.Slice(header, RecordHeaderSize)))
                    {
                        found.Add(offset + header);
                    }
                }
            }
        }

        return [.. found.Distinct()];
    }

    /// <summary>
    /// The log at <paramref name="offset"/>, if what it says was extended is exactly what the TPM was told. A stale copy, or one that misses the last event, is not it.
    /// </summary>
    public EventLog? ReadLog(long offset, IReadOnlyList<PcrExtension> extensions)
    {
        byte[] area = new byte[Math.Min(AreaSize, _length - offset)];
        int count = RandomAccess.Read(_file, area, offset);
        try
        {
            EventLog log = EventLog.ReadArea(area.AsMemory(0, count));
            EventRecord[] records = [.. log.Events.Where(x => x.IsExtended)];
            return records.Length == extensions.Count && records.Zip(extensions).All(x => x.First.Register == x.Second.Register && x.First.Digests.ToHashSet().SetEquals(x.Second.Digests))
                ? log
                : null;
        }
        catch (MalformedInputException)
        {
            return null;
        }
    }

    public void Dispose() => _file.Dispose();

    private static bool IsRecordHeader(ReadOnlySpan<byte> header) =>
        header[4] == (byte)EventType.NoAction && !header[..4].ContainsAnyExcept((byte)0) && !header[5..28].ContainsAnyExcept((byte)0);

    /// <summary>The ranges that the guest ever wrote to; the file is sparse.</summary>
    private IEnumerable<(long Start, long End)> Populated()
    {
        for (long end = 0; end < _length;)
        {
            long start = Seek(end, Interop.Libc.SEEK_DATA);
            if (start < 0)
            {
                yield break;
            }

            end = Seek(start, Interop.Libc.SEEK_HOLE);
            yield return (start, end);
        }
    }

    private long Seek(long offset, int whence)
    {
        long position = Interop.Libc.lseek(_file, offset, whence);
        int error = Marshal.GetLastPInvokeError();
        return position >= 0 || error == Interop.Libc.ENXIO ? position : throw new EmulatorException($"lseek: {new Win32Exception(error).Message}");
    }
}
