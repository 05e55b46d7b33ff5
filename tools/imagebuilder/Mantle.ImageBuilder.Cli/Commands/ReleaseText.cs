using System.CommandLine;
using Mantle.Cli;
using Mantle.Formats.Tpm;
using Mantle.ImageBuilder.Signing.Releases;
using Mantle.Measure.Release;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary>What <c>imagebuilder sign</c> ends by printing.</summary>
internal static class ReleaseText
{
    private static readonly int[] s_pcrs = [4, 7, 11, 12, 13];

    public static void Write(ParseResult parsed, ReleaseResult result, bool asJson)
    {
        if (asJson)
        {
            WriteJson(parsed, result);
            return;
        }

        TextWriter output = parsed.InvocationConfiguration.Output;
        ReleaseStatement statement = result.Statement;
        output.WriteLine($"release     {statement.Name} {statement.Version}, number {statement.Number}, {statement.Subjects.Count} files in {result.Folder}");
        output.WriteLine($"image       sha256 {statement.DigestOf(ReleaseFiles.Image)}");
        if (result.Copied.Length > 0)
        {
            output.WriteLine($"rewritten   {result.RewrittenBytes:N0} bytes of the image ({result.Copied})");
        }

        foreach (int index in s_pcrs)
        {
            output.WriteLine($"{$"PCR {index}",-11} sha384 {statement.WithSecureBoot.Banks[TpmAlgorithm.Sha384][index]}");
        }

        foreach (string keyId in result.Envelope.Signatures.Select(signature => signature.KeyId))
        {
            output.WriteLine($"signed      key id {keyId}");
        }

        if (result.Envelope.Signatures.Count == 0)
        {
            output.WriteLine("signed      by nobody yet");
        }

        output.WriteLine($"envelope    sha256 {result.Envelope.Sha256}");
    }

    private static void WriteJson(ParseResult parsed, ReleaseResult result) => JsonOutput.Write(parsed, json =>
    {
        json.WriteString("release", result.Folder);
        json.WriteString("name", result.Statement.Name);
        json.WriteString("releaseVersion", result.Statement.Version);
        json.WriteNumber("number", result.Statement.Number);
        json.WriteString("imageSha256", result.Statement.DigestOf(ReleaseFiles.Image));
        json.WriteString("envelopeSha256", result.Envelope.Sha256);
        json.WriteTexts("signatures", result.Envelope.Signatures.Select(signature => signature.KeyId));
        json.WriteStartObject("sha384");
        foreach (int index in s_pcrs)
        {
            json.WriteString($"{index}", result.Statement.WithSecureBoot.Banks[TpmAlgorithm.Sha384][index].ToString());
        }

        json.WriteEndObject();
        if (result.Copied.Length > 0)
        {
            json.WriteNumber("rewrittenBytes", result.RewrittenBytes);
            json.WriteString("copied", result.Copied);
        }
    });
}
