using System.Buffers;
using Mantle.Measure;
using Mantle.Measure.Release.Dsse;

namespace Mantle.ImageBuilder.Signing.Keys;

/// <summary>A key that is elsewhere: its signature was made by other means and is in a file. The caller checks that it holds.</summary>
/// <param name="path">The file: the signature's bytes, or the same in base64.</param>
/// <param name="publicKey">The key that made it.</param>
public sealed class DetachedSigner(string path, VerificationKey publicKey) : ISigner
{
    private const int MaximumSize = 1 << 14;
    private static readonly SearchValues<byte> s_base64 = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n"u8);

    /// <inheritdoc/>
    public string Name => $"the signature \"{path}\"";

    /// <inheritdoc/>
    public VerificationKey PublicKey => publicKey;

    /// <inheritdoc/>
    public IReadOnlyList<ReadOnlyMemory<byte>> Certificates => [];

    /// <inheritdoc/>
    public Task<byte[]> SignAsync(ReadOnlyMemory<byte> message, SignatureScheme scheme, CancellationToken cancellation)
    {
        FileInfo file = new(path);
        if (file.Length is 0 or > MaximumSize)
        {
            throw new UserErrorException($"\"{path}\" has {file.Length:N0} bytes; a signature has 1 to {MaximumSize:N0}", "give the signature by itself");
        }

        byte[] bytes = File.ReadAllBytes(path);
        return Task.FromResult(bytes.AsSpan().ContainsAnyExcept(s_base64)
            ? bytes
            : FromBase64(System.Text.Encoding.ASCII.GetString(bytes)) ?? bytes);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private static byte[]? FromBase64(string text)
    {
        byte[] decoded = new byte[text.Length];
        return Convert.TryFromBase64String(text, decoded, out int length) ? decoded[..length] : null;
    }
}
