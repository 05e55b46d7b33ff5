using System.CommandLine;
using Mantle.Cli;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Volumes;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary><c>imagebuilder volume verify</c>.</summary>
internal static class VolumeVerifyCommand
{
    private static readonly Argument<string> s_volume = new("IMAGE") { Description = "A volume" };
    private static readonly Option<string?> s_rootHash = new("--root-hash") { Description = "What the recipe pins", HelpName = "HASH" };
    private static readonly Option<string?> s_decrypt = new("--decrypt") { Description = "The KMS key of an encrypted volume, for whoever its policy lets decrypt", HelpName = "KEY" };

    public static Command Create()
    {
        Command command = new(
            "verify",
            """
            Check every byte of a volume: partition table, hash tree, root hash, UUIDs, superblocks. Of an encrypted one only what is in clear, unless
            --decrypt names a KMS key that these credentials may decrypt with: a good key policy lets only the attested appliance.

            Exit code 0: it holds. 2: it does not. 7: it is encrypted, and what can be seen holds.

              imagebuilder volume verify weights.img --root-hash 9f86d081…
              imagebuilder volume verify weights.img --decrypt kms:alias/weights --appliance sample --name weights
            """)
        {
            s_volume, s_rootHash, s_decrypt, SealingOptions.Name, SealingOptions.Version, SealingOptions.Appliance, SealingOptions.Region,
            SealingOptions.Endpoint, SealingOptions.Json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string path = parsed.GetValue(s_volume)!;
        byte[]? rootHash = ReadRootHash(parsed.GetValue(s_rootHash));
        Volume volume = Volume.Read(ByteSource.OpenFile(path));
        VolumeVerdict verdict = parsed.GetValue(s_decrypt) is { } key && volume.IsEncrypted
            ? await VerifyEncryptedAsync(parsed, volume, key, rootHash, path, cancellation).ConfigureAwait(false)
            : VolumeVerdict.Of(volume, rootHash, Environment.ProcessorCount);
        if (parsed.GetValue(SealingOptions.Json))
        {
            JsonOutput.Write(parsed, json =>
            {
                json.WriteString("verdict", verdict.Word);
                json.WriteBoolean("encrypted", volume.IsEncrypted);
                json.WriteString("rootHash", verdict.RootHash);
                json.WriteString("problem", verdict.Problem);
            });
        }
        else
        {
            parsed.InvocationConfiguration.Output.Write($"{verdict.Word,-13}{path}{(verdict.Problem is null ? "" : $": {verdict.Problem}")}\n{"root hash",-13}{verdict.RootHash}\n");
        }

        return verdict.ExitCode;
    }

    private static async Task<VolumeVerdict> VerifyEncryptedAsync(
        ParseResult parsed, Volume volume, string key, byte[]? rootHash, string path, CancellationToken cancellation)
    {
        EncryptionContext context = SealingOptions.Context(parsed, "volume", SealingOptions.NameOf(parsed, path));
        using KeyEncryption encryption = SealingOptions.Open(parsed, key);
        return await VolumeVerdict.OfEncryptedAsync(volume, encryption, context, rootHash, Environment.ProcessorCount, cancellation).ConfigureAwait(false);
    }

    private static byte[]? ReadRootHash(string? text) =>
        text is null ? null
        : text.Length == 64 && text.All(char.IsAsciiHexDigit) ? Convert.FromHexString(text)
        : throw new UserErrorException($"\"{text}\" is no root hash", "give its 64 hexadecimal digits", ExitCode.Usage);
}
