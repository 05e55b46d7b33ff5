using System.Runtime.InteropServices;
using Mantle.ImageBuilder.Volumes;

namespace Mantle.ImageBuilder.Tests.Volumes;

public partial class XtsCipherTests
{
    /// <summary>IEEE 1619-2018, annex B, vector 10: AES-256, a data unit of 512 bytes with the number 0xff.</summary>
    [Fact]
    public void The_published_vector_comes_out()
    {
        byte[] key = Convert.FromHexString(
            "27182818284590452353602874713526" + "62497757247093699959574966967627" + "31415926535897932384626433832795" + "02884197169399375105820974944592");
        byte[] data = [.. Enumerable.Range(0, 512).Select(i => (byte)(i & 0xff))];
        byte[] plain = [.. data];
        using XtsCipher encryption = new(key, 512);
        encryption.Transform(0xff, data, 0, data.Length);
        Assert.StartsWith(
            "1c3b3a102f770386e4836c99e370cf9bea00803f5e482357a4ae12d414a3e63b5d31e276f8fe4a8d66b317f9ac683f44680a86ac35adfc3345befecb4bb188fd",
            Convert.ToHexStringLower(data), StringComparison.Ordinal);

        using XtsCipher decryption = new(key, 512, decrypts: true);
        decryption.Transform(0xff, data, 0, data.Length);
        Assert.Equal(plain, data);
    }

    /// <summary>OpenSSL's own XTS, sector by sector.</summary>
    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void Openssl_encrypts_the_same(int sectorLength)
    {
        Random random = new(8);
        byte[] key = new byte[64];
        random.NextBytes(key);
        byte[] data = new byte[200 * 1024];
        random.NextBytes(data);
        byte[] expected = [.. data];
        const long FirstSector = 0x1_2345_6789;
        for (int sector = 0; sector < data.Length / sectorLength; sector++)
        {
            byte[] number = new byte[16];
            BitConverter.TryWriteBytes(number, FirstSector + sector);
            Encrypt(key, number, expected.AsSpan(sector * sectorLength, sectorLength));
        }

        using XtsCipher cipher = new(key, sectorLength);
        cipher.Transform(FirstSector, data, 0, data.Length);
        Assert.Equal(expected, data);
    }

    private static unsafe void Encrypt(byte[] key, byte[] number, Span<byte> sector)
    {
        nint context = EVP_CIPHER_CTX_new();
        fixed (byte* keys = key, iv = number, bytes = sector)
        {
            int length = 0;
            Assert.Equal(1, EVP_EncryptInit_ex(context, EVP_aes_256_xts(), 0, keys, iv));
            Assert.Equal(1, EVP_EncryptUpdate(context, bytes, &length, bytes, sector.Length));
            Assert.Equal(sector.Length, length);
        }

        EVP_CIPHER_CTX_free(context);
    }

    private const string Library = "libcrypto.so.3";

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint EVP_CIPHER_CTX_new();

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void EVP_CIPHER_CTX_free(nint context);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint EVP_aes_256_xts();

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static unsafe partial int EVP_EncryptInit_ex(nint context, nint cipher, nint engine, byte* key, byte* iv);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static unsafe partial int EVP_EncryptUpdate(nint context, byte* output, int* outputLength, byte* input, int inputLength);
}
