using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using Mantle.Formats.Bytes;
using Mantle.Formats.Deb;
using Mantle.Measure;
using Microsoft.Win32.SafeHandles;

namespace Mantle.ImageBuilder.Packages;

public sealed partial class PackageCache
{
    private const int WouldBlock = 11; // EWOULDBLOCK, which an IOException on Linux carries as its HResult
    private const int LockAttempts = 500;
    private static readonly TimeSpan s_lockPause = TimeSpan.FromMilliseconds(10);

    /// <summary>Loads the index of an unpacked package and opens its data. False: either is missing or damaged.</summary>
    private bool TryLoad(LockedPackage package, [NotNullWhen(true)] out Entry? entry)
    {
        if (_entries.TryGetValue(Key(package), out entry))
        {
            return true;
        }

        try
        {
            byte[] file = File.ReadAllBytes(UnpackedPath(package, "index"));
            if (UnpackedIndex.TryRead(file, Key(package), out UnpackedIndex? index) && TryOpenData(package, index, out ByteSource? data))
            {
                entry = _entries.GetOrAdd(Key(package), new Entry(index, new VerifiedSource(data, index.Digests, () => Repair(package, index))));
                return true;
            }
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }

        return false;
    }

    private bool TryOpenData(LockedPackage package, UnpackedIndex index, [NotNullWhen(true)] out ByteSource? data)
    {
        SafeFileHandle handle = File.OpenHandle(
            UnpackedPath(package, "data.tar"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.RandomAccess);
        _handles.Add(handle);
        data = ByteSource.FromFile(handle);
        return data.Length == index.DataLength;
    }

    private void Discard(LockedPackage package)
    {
        _entries.TryRemove(Key(package), out _);

        // The index first: without it the data counts for nothing.
        File.Delete(UnpackedPath(package, "index"));
        File.Delete(UnpackedPath(package, "data.tar"));
    }

    /// <summary>Makes a damaged data.tar again while it is in use; returns the new one.</summary>
    private ByteSource Repair(LockedPackage package, UnpackedIndex index)
    {
        // The entry in memory stays: its index is right, and its source is the one that is being repaired.
        File.Delete(UnpackedPath(package, "index"));
        File.Delete(UnpackedPath(package, "data.tar"));
        Unpack(package);
        return TryOpenData(package, index, out ByteSource? data)
            ? data
            : throw new IOException($"cache: package \"{package.Name}\" {package.Version} unpacks to another length than before");
    }

    private void Unpack(LockedPackage package)
    {
        if (!VerifyBlob(package))
        {
            throw new UserErrorException(
                $"cache: package \"{package.Name}\" {package.Version} is not in the cache, or was damaged and has been removed",
                "run the command again: the package is fetched again",
                ExitCode.Environment);
        }

        using SafeFileHandle deb = OpenBlob(BlobPath(package));
        (string dataPath, SafeFileHandle data) = CreateTemporary(package);
        bool moved = false;
        try
        {
            byte[] index = UnpackInto(package, ByteSource.FromFile(deb), data);
            (string indexPath, SafeFileHandle indexFile) = CreateTemporary(package);
            using (indexFile)
            {
                RandomAccess.Write(indexFile, index, 0);
            }

            // Not synchronized to disk: what a crash loses or tears is found by the digests and made again.
            MakeFolder(Path.GetDirectoryName(UnpackedPath(package, "index"))!);
            File.Move(dataPath, UnpackedPath(package, "data.tar"), overwrite: true);
            moved = true;
            File.Move(indexPath, UnpackedPath(package, "index"), overwrite: true);
        }
        catch (MalformedInputException problem)
        {
            throw new UserErrorException($"package \"{package.Name}\" {package.Version}: {problem.Message}", null, ExitCode.Malformed, problem);
        }
        finally
        {
            data.Dispose();
            if (!moved)
            {
                // Once moved, the name may already be somebody else's.
                File.Delete(dataPath);
            }
        }
    }

    private static byte[] UnpackInto(LockedPackage package, ByteSource deb, SafeFileHandle data)
    {
        DebReader reader = DebReader.Read(deb);
        byte[] control = reader.DecompressControl();
        DebContents.ReadControl(control);
        using ChunkedWriter writer = new(data);
        reader.DecompressData(writer);
        ChunkDigests digests = writer.Complete();
        ByteSource tar = ByteSource.FromFile(data);
        RecordingSource recording = new(tar);
        DebContents.ReadTree(recording, package.Name);
        return UnpackedIndex.Write(package.Sha256, tar, digests, recording.Ranges, control);
    }

    /// <summary>Whether the .deb is here with the locked size and hash; one that is here with another is removed. Hashed once in a process.</summary>
    private bool VerifyBlob(LockedPackage package)
    {
        string path = BlobPath(package);
        if (_verifiedBlobs.ContainsKey(Key(package)) && File.Exists(path))
        {
            return true;
        }

        try
        {
            using SafeFileHandle handle = OpenBlob(path);
            using FileStream file = new(handle, FileAccess.Read, bufferSize: 0);
            if (file.Length == package.Size && Convert.ToHexStringLower(SHA256.HashData(file)) == package.Sha256)
            {
                _verifiedBlobs[Key(package)] = true;
                return true;
            }
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }

        File.Delete(path);
        return false;
    }

    /// <summary>
    /// Opens a .deb. Between the rename that brings it here and the end of the build that fetched it there is a moment in which that build still
    /// holds its lock; the moment is waited for.
    /// </summary>
    private static SafeFileHandle OpenBlob(string path)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
            }
            catch (IOException problem) when (problem.HResult == WouldBlock && attempt < LockAttempts)
            {
                Thread.Sleep(s_lockPause);
            }
        }
    }

    /// <summary>A new file that no other process or thread uses.</summary>
    private (string Path, SafeFileHandle File) CreateTemporary(LockedPackage package)
    {
        while (true)
        {
            int number = Interlocked.Increment(ref s_temporaryCount);
            string name = string.Create(CultureInfo.InvariantCulture, $"{Key(package)}.{Environment.ProcessId}.{number}");
            string path = Path.Combine(_folder, "temporary", name);
            try
            {
                return (path, File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read));
            }
            catch (IOException) when (File.Exists(path))
            {
                // A leftover of a process with our number, or one in another container: take the next name.
            }
        }
    }
}
