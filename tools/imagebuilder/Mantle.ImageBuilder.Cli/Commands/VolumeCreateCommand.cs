using System.CommandLine;
using System.Globalization;
using Mantle.Cli;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Volumes;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary><c>imagebuilder volume create</c>.</summary>
internal static class VolumeCreateCommand
{
    private static readonly Argument<string> s_source = new("SOURCE") { Description = "A folder, or an EROFS image" };
    private static readonly Option<string> s_output = SealingOptions.Output("The disk image to make");

    public static Command Create()
    {
        Command command = new(
            "create",
            """
            Make a data volume: an EROFS of a folder (or one that exists), its dm-verity tree, and with --encrypt AES-256-XTS below, under a new data key
            that KMS encrypts. Prints what to put into the recipe. Owners, times and permissions of the files are not kept.

            Killed, it goes on where it was when it is run again with the same input: not after a restart of the machine, and encrypted only where the
            kernel's key ring can keep the key, which is in no file. docs/unsealing.md says more.

              imagebuilder volume create weights/ --out weights.img
              imagebuilder volume create weights.erofs --out weights.img --version 2 --appliance sample --encrypt kms:alias/weights
            """)
        {
            s_source, s_output, SealingOptions.Name, SealingOptions.Version, SealingOptions.Appliance, SealingOptions.Encrypt, SealingOptions.Region,
            SealingOptions.Endpoint, SealingOptions.Force, SealingOptions.Json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string source = Path.GetFullPath(parsed.GetValue(s_source)!);
        string output = SealingOptions.FreeOutput(parsed, s_output);
        string name = SealingOptions.NameOf(parsed, output);
        string version = SealingOptions.VersionOf(parsed);
        string? key = parsed.GetValue(SealingOptions.Encrypt);
        EncryptionContext? context = key is null ? null : SealingOptions.Context(parsed, "volume", name);
        using KeyEncryption? encryption = key is null ? null : SealingOptions.Open(parsed, key);
        VolumeProgress progress = new(parsed.InvocationConfiguration.Error, parsed.GetValue(SealingOptions.Json));
        VolumeResult result = await VolumeWriter.WriteAsync(
            new VolumeRequest
            {
                Content = VolumeContent.Open(source, name, version),
                ContentIdentity = VolumeContent.Identity(source),
                Output = output,
                Name = name,
                Version = version,
                SealKey = encryption is null ? null : (dataKey, token) => encryption.EncryptAsync(dataKey, context!, token),
                SealIdentity = $"{key} {context}",
                Progress = progress.Report,
            },
            cancellation).ConfigureAwait(false);
        progress.End();
        Print(parsed, output, name, version, context, result);
        return ExitCode.Success;
    }

    private static void Print(ParseResult parsed, string output, string name, string version, EncryptionContext? context, VolumeResult result)
    {
        if (parsed.GetValue(SealingOptions.Json))
        {
            JsonOutput.Write(parsed, json =>
            {
                json.WriteString("name", name);
                json.WriteString("volumeVersion", version);
                json.WriteString("rootHash", result.RootHash);
                json.WriteBoolean("encrypted", result.IsEncrypted);
                json.WriteString("appliance", context?.Appliance);
                json.WriteString("output", output);
                json.WriteNumber("size", result.Length);
                json.WriteNumber("dataSize", result.DataLength);
                json.WriteNumber("resumed", result.ResumedBytes);
            });
            return;
        }

        if (!result.WasResumable)
        {
            parsed.InvocationConfiguration.Error.WriteLine("imagebuilder: note: the kernel's key ring is not to be had here: had this run been killed, it could not have been gone on with");
        }

        string resumed = result.ResumedBytes > 0 ? $", {PrintedText.Megabytes(result.ResumedBytes)} of them from an earlier run" : "";
        parsed.InvocationConfiguration.Output.Write(string.Create(
            CultureInfo.InvariantCulture,
            $"""
             {output}: {PrintedText.Megabytes(result.Length)}{resumed}

             unseal:
               volumes:
                 - name: {name}
                   root-hash: {result.RootHash}
                   version: "{version}"
                   encrypted: {(result.IsEncrypted ? "true" : "false")}

             """));
    }
}
