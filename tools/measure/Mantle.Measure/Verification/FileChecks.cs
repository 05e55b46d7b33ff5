using System.Security.Cryptography;
using Mantle.Formats.Bytes;
using Mantle.Measure.Checking;

namespace Mantle.Measure.Verification;

/// <summary>The finished files: size and SHA-256 as the manifest has them. The image is the one given, whatever its name.</summary>
internal static class FileChecks
{
    private const string DefaultImageName = "image.raw";

    public static void Check(CheckReport report, ByteSource image, ImageClaims claims, ManifestClaims manifest)
    {
        string imageName = manifest.Outputs.Exists(output => output.Name == claims.ImageName) ? claims.ImageName : DefaultImageName;
        foreach ((string name, long size, string sha256) in manifest.Outputs)
        {
            string id = $"file.{name}";
            ByteSource? file = name == imageName ? image : claims.Files.GetValueOrDefault(name);
            if (file is null)
            {
                report.Skipped(id, "not beside the manifest");
                continue;
            }

            string actual = Hash(file);
            report.Check(
                id,
                file.Length != size ? $"{file.Length} bytes, the manifest has {size}" : actual != sha256 ? $"SHA-256 {actual}, the manifest has {sha256}" : null,
                $"{size} bytes, SHA-256 {sha256}");
        }

        if (manifest.Outputs.TrueForAll(output => output.Name != imageName))
        {
            report.Missing($"file.{imageName}", "the manifest names no such file");
        }
    }

    private static string Hash(ByteSource file)
    {
        using Stream content = file.OpenStream();
        return Convert.ToHexStringLower(SHA256.HashData(content));
    }
}
