using System.Security.Cryptography;
using System.Text;

namespace Mantle.Measure.Cli.Commands;

/// <summary>A public key in a file: PEM is turned into the DER that it holds, anything else is taken as it is.</summary>
internal static class PublicKeyFile
{
    public static byte[] Bytes(byte[] file)
    {
        if (file.AsSpan().IndexOf("-----BEGIN"u8) < 0)
        {
            return file;
        }

        string text = Encoding.ASCII.GetString(file);
        return PemEncoding.TryFind(text, out PemFields fields) && text[fields.Label] == "PUBLIC KEY"
            ? Convert.FromBase64String(text[fields.Base64Data])
            : throw new UserErrorException("the file of the public key is PEM without a PUBLIC KEY", "openssl pkey -pubout makes one");
    }
}
