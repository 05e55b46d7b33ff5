using System.CommandLine;
using System.Text;
using Mantle.Measure.Attestation;
using Mantle.Measure.Checking;
using Mantle.Measure.Connection;

namespace Mantle.Measure.Cli.Commands;

/// <summary><c>measure connect</c>: checks that a TLS connection ends inside a measured image, and only then says something over it.</summary>
internal static class ConnectCommand
{
    private const int MaximumPrompt = 48 * 1024;

    private static readonly Argument<string> s_address = new("URL") { Description = "https://HOST[:PORT] of an appliance" };
    private static readonly DocumentOptions s_options = new();
    private static readonly ConnectReference s_reference = new();
    private static readonly Option<string?> s_prompt = new("--prompt") { Description = "Send this prompt once everything holds; \"-\" reads it from standard input", HelpName = "TEXT" };
    private static readonly Option<bool> s_stream = new("--stream") { Description = "Print the answer as it is made" };
    private static readonly Option<string?> s_model = new("--model") { Description = "The model to ask [default: the first that the appliance lists]", HelpName = "NAME" };
    private static readonly Option<int?> s_tokens = new("--max-output-tokens") { Description = "Most tokens of the answer [default: the appliance's own]", HelpName = "N" };
    private static readonly Option<string?> s_save = new("--save") { Description = "Keep the attestation document in this file", HelpName = "DOC" };
    private static readonly Option<bool> s_json = new("--json") { Description = "Print the result as JSON (docs/schemas/connect.schema.json)" };

    public static Command Create(TimeProvider clock)
    {
        Command command = new(
            "connect",
            """
            Connect to an appliance, ask it for an attestation document with a fresh nonce, and check the document as "attest verify" does; besides, that it
            vouches for the very key at which this TLS connection ends. The certificate itself is believed nothing. What is sent afterwards goes to that key
            and to no other, and nothing is sent unless every check holds.

            Exit code 0: everything holds; 2: something does not, or a later connection ends at another key; 3: the answer is no document; 4: nobody
            answers; 5: the appliance refuses; 7: PCR 4, 7, 12 or 13 was not compared with anything, so there is no verdict.

            Examples:
              measure connect https://192.0.2.7:8443 --against release
              measure connect https://192.0.2.7:8443 --against release --policy policies/release.yaml --prompt "It is a truth"
              measure connect https://192.0.2.7:8443 --against out --secure-boot off --prompt - --stream < prompt.txt
              measure connect https://192.0.2.7:8443 --pcr 4=92...a2 --pcr 7=98...35 --pcr 12=0 --pcr 13=0 --save doc.cbor
            """)
        {
            s_address, s_reference.Values.Against, s_reference.Values.Pcr, s_reference.SecureBoot, s_reference.Policy, s_reference.Ledger,
            s_options.MaximumAge, s_options.Root, s_prompt, s_stream, s_model, s_tokens, s_save, s_json,
        };
        command.SetAction((parsed, cancellation) => RunAsync(parsed, clock, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, TimeProvider clock, CancellationToken cancellation)
    {
        ServerAddress address = ServerAddress.Parse(parsed.GetValue(s_address)!);
        bool isJson = parsed.GetValue(s_json);
        TextWriter output = parsed.InvocationConfiguration.Output;
        Prompt? prompt = await ReadPromptAsync(parsed, cancellation).ConfigureAwait(false);
        (IReadOnlyList<ExpectedPcr> pcrs, CheckReport? release) = s_reference.Read(parsed, clock);
        if (release is { Verdict: not Verdict.Holds })
        {
            ConnectPrinter.PrintRelease(parsed, release, isJson);
            return release.ExitCode;
        }

        AttestationPolicy policy = s_options.ReadLive(parsed) with { Pcrs = pcrs };
        ConnectResult result = await ApplianceConnector.ConnectAsync(address, policy, clock, cancellation).ConfigureAwait(false);
        await using VerifiedAppliance? appliance = result.Appliance;
        if (release is not null)
        {
            result.Attestation.Report.Include("release.", release);
        }

        if (parsed.GetValue(s_save) is { } path)
        {
            await File.WriteAllBytesAsync(path, result.Bytes, cancellation).ConfigureAwait(false);
        }

        if (!isJson)
        {
            CheckText.Write(result.Attestation.Report, address.Authority, output);
        }

        string? answer = null;
        if (appliance is not null && prompt is not null)
        {
            if (!isJson)
            {
                output.Write($"prompt sent to the key {result.KeySha256}\n\n");
            }

            answer = await appliance.AskAsync(prompt, text => ConnectPrinter.PrintPiece(output, isJson ? "" : text), cancellation).ConfigureAwait(false);
            if (!isJson)
            {
                output.Write((prompt.IsStream ? "" : ConnectPrinter.Harmless(answer)) + "\n");
            }
        }

        if (isJson)
        {
            ConnectPrinter.PrintJson(parsed, address, result, prompt is not null, answer);
        }

        return result.Attestation.Report.ExitCode;
    }

    private static async Task<Prompt?> ReadPromptAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string? text = parsed.GetValue(s_prompt);
        int? tokens = parsed.GetValue(s_tokens);
        if (text is null)
        {
            return parsed.GetValue(s_stream) || parsed.GetValue(s_model) is not null || tokens is not null
                ? throw new UserErrorException("--stream, --model and --max-output-tokens are about a prompt", "give one with --prompt", ExitCode.Usage)
                : null;
        }

        if (text == "-")
        {
            char[] letters = new char[MaximumPrompt + 1];
            int count = await Console.In.ReadBlockAsync(letters, cancellation).ConfigureAwait(false);
            text = new string(letters, 0, count);
        }

        return string.IsNullOrWhiteSpace(text) ? throw new UserErrorException("the prompt is empty", exitCode: ExitCode.Usage)
            : Encoding.UTF8.GetByteCount(text) > MaximumPrompt ? throw new UserErrorException($"the prompt is longer than {MaximumPrompt} bytes", exitCode: ExitCode.Usage)
            : tokens < 1 ? throw new UserErrorException($"--max-output-tokens {tokens} is no number of tokens", exitCode: ExitCode.Usage)
            : new Prompt { Text = text, Model = parsed.GetValue(s_model), MaximumTokens = tokens, IsStream = parsed.GetValue(s_stream) };
    }
}
