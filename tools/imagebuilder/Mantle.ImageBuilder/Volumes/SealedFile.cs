using System.Security.Cryptography;
using Mantle.ImageBuilder.Output;

namespace Mantle.ImageBuilder.Volumes;

/// <summary>Writes sealed files.</summary>
public static class SealedFile
{
    private const int KeyLength = 32;

    /// <summary>Seals a file under a new data key; the output appears whole or not at all.</summary>
    /// <param name="path">The secret.</param>
    /// <param name="output">The sealed file; replaced if it is there.</param>
    /// <param name="sealKey">Encrypts the data key.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task WriteAsync(
        string path, string output, Func<ReadOnlyMemory<byte>, CancellationToken, Task<byte[]>> sealKey, CancellationToken cancellation)
    {
        byte[] key = GC.AllocateUninitializedArray<byte>(KeyLength, pinned: true);
        byte[] secret = await File.ReadAllBytesAsync(path, cancellation).ConfigureAwait(false);
        try
        {
            RandomNumberGenerator.Fill(key);
            byte[] encryptedKey = await sealKey(key, cancellation).ConfigureAwait(false);
            ReplacedFile.Write(output, SealedBlob.OfSecret(encryptedKey, key, secret));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
            CryptographicOperations.ZeroMemory(secret);
        }
    }
}
