using System.CommandLine;
using Mantle.Cli;
using Mantle.ImageBuilder.Volumes;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary><c>imagebuilder seal</c>: a secret file that only the attested appliance opens.</summary>
internal static class SealCommand
{
    private const long LongestSecret = 1 << 20;

    private static readonly Argument<string> s_file = new("FILE") { Description = "The secret, at most 1 MiB" };
    private static readonly Option<string> s_output = SealingOptions.Output("The sealed file to make");

    public static Command Create()
    {
        Command command = new(
            "seal",
            """
            Seal a secret file: AES-256-GCM under a new data key that KMS encrypts, bound to appliance, name and version. Put the sealed file into the
            image and name it under "unseal.files" in the recipe; the service finds the secret as /run/secrets/NAME.

              imagebuilder seal api-token --out api-token.sealed --appliance sample --encrypt kms:alias/sample
            """)
        {
            s_file, s_output, SealingOptions.Name, SealingOptions.Version, SealingOptions.Appliance, SealingOptions.Encrypt, SealingOptions.Region,
            SealingOptions.Endpoint, SealingOptions.Force, SealingOptions.Json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string path = parsed.GetValue(s_file)!;
        string output = SealingOptions.FreeOutput(parsed, s_output);
        string keyName = parsed.GetValue(SealingOptions.Encrypt) ?? throw new UserErrorException("--encrypt is missing", "name the key that seals it, for example kms:alias/sample", ExitCode.Usage);
        EncryptionContext context = SealingOptions.Context(parsed, "file", SealingOptions.NameOf(parsed, path));
        if (new FileInfo(path).Length > LongestSecret)
        {
            throw new UserErrorException($"\"{path}\" has {new FileInfo(path).Length:N0} bytes, a secret at most {LongestSecret:N0}", "put large data on a volume: imagebuilder volume create --encrypt");
        }

        using KeyEncryption encryption = SealingOptions.Open(parsed, keyName);
        await SealedFile.WriteAsync(path, output, (key, token) => encryption.EncryptAsync(key, context, token), cancellation).ConfigureAwait(false);
        if (parsed.GetValue(SealingOptions.Json))
        {
            JsonOutput.Write(parsed, json =>
            {
                json.WriteString("name", context.Name);
                json.WriteString("secretVersion", context.Version);
                json.WriteString("appliance", context.Appliance);
                json.WriteString("output", output);
                json.WriteNumber("size", new FileInfo(output).Length);
            });
        }
        else
        {
            parsed.InvocationConfiguration.Output.Write(
                $"""
                 unseal:
                   files:
                     - name: {context.Name}
                       source: /usr/share/mantle/sealed/{Path.GetFileName(output)}
                       version: "{context.Version}"

                 """);
        }

        return ExitCode.Success;
    }
}
