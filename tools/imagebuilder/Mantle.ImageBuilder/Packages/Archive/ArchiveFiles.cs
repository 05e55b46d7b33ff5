using System.Net;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Packages.Archive;

/// <summary>Fetches small files of an archive into memory, over http, https or from the file system.</summary>
/// <param name="client">The HTTP client; the caller owns it.</param>
internal sealed class ArchiveFiles(HttpMessageInvoker client)
{
    /// <summary>Fetches a file; null when the archive does not have it.</summary>
    /// <param name="address">http, https or file.</param>
    /// <param name="maximum">Size in bytes that must not be exceeded.</param>
    /// <param name="cancellation">Ends the transfer.</param>
    /// <exception cref="UserErrorException">The file is too large, or the server answers with an error.</exception>
    /// <exception cref="HttpRequestException">The server cannot be reached.</exception>
    public async Task<byte[]?> FindAsync(Uri address, long maximum, CancellationToken cancellation)
    {
        if (address.IsFile)
        {
            FileInfo file = new(address.LocalPath);
            return !file.Exists ? null
                : file.Length > maximum ? throw TooLarge(address, maximum)
                : await File.ReadAllBytesAsync(file.FullName, cancellation).ConfigureAwait(false);
        }

        using HttpRequestMessage request = new(HttpMethod.Get, address);
        using HttpResponseMessage response = await client.SendAsync(request, cancellation).ConfigureAwait(false);
        if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone)
        {
            return null;
        }

        if (!response.IsSuccessStatusCode)
        {
            throw new UserErrorException($"\"{ArchiveMirror.Show(address)}\" answers with {(int)response.StatusCode}", "try again, or another mirror with --mirror URL", ExitCode.Environment);
        }

        if (response.Content.Headers.ContentLength > maximum)
        {
            throw TooLarge(address, maximum);
        }

        using MemoryStream content = new((int)(response.Content.Headers.ContentLength ?? 0));
        Stream body = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            byte[] buffer = new byte[1 << 16];
            for (int read; (read = await body.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0;)
            {
                if (content.Length + read > maximum)
                {
                    throw TooLarge(address, maximum);
                }

                await content.WriteAsync(buffer.AsMemory(0, read), cancellation).ConfigureAwait(false);
            }
        }

        return content.ToArray();
    }

    private static UserErrorException TooLarge(Uri address, long maximum) => new($"\"{ArchiveMirror.Show(address)}\" has more than {maximum:N0} bytes", "try another mirror with --mirror URL");
}
