using Mantle.Formats.Bytes;
using Mantle.Formats.Verity;
using Microsoft.Win32.SafeHandles;

// bench-verity DATA HASHES SALT UUID: what "veritysetup format" does, by Mantle.Formats, so that the two can be timed against each other.
// Prints the root hash, which must be the same.
using SafeFileHandle file = File.OpenHandle(args[0]);
VerityTree tree = VerityTree.Build(ByteSource.FromFile(file), Convert.FromHexString(args[2]), Guid.Parse(args[3]), Environment.ProcessorCount);
using FileStream hashes = new(args[1], FileMode.Create);
tree.HashArea.OpenStream().CopyTo(hashes, 1 << 20);
Console.WriteLine(Convert.ToHexStringLower(tree.RootHash.Span));
