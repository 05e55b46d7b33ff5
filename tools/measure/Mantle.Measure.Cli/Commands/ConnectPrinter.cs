using System.CommandLine;
using Mantle.Cli;
using Mantle.Formats.Bytes;
using Mantle.Measure.Attestation;
using Mantle.Measure.Checking;
using Mantle.Measure.Connection;

namespace Mantle.Measure.Cli.Commands;

/// <summary>What <c>measure connect</c> says.</summary>
internal static class ConnectPrinter
{
    /// <summary>A release that does not hold: nobody was asked anything.</summary>
    public static void PrintRelease(ParseResult parsed, CheckReport release, bool isJson)
    {
        release.Note("no connection was made");
        if (isJson)
        {
            JsonOutput.Write(parsed, json => CheckJson.Write(release, json));
        }
        else
        {
            CheckText.Write(release, "release", parsed.InvocationConfiguration.Output);
        }
    }

    /// <summary>The whole result.</summary>
    public static void PrintJson(ParseResult parsed, ServerAddress address, ConnectResult result, bool isAsked, string? answer) => JsonOutput.Write(parsed, json =>
    {
        json.WriteString("address", address.Authority);
        json.WriteString("keySha256", result.KeySha256);
        AttestationJson.Write(result.Attestation, json);
        json.WriteBoolean("promptSent", isAsked && answer is not null);
        json.WriteString("answer", answer);
    });

    /// <summary>A piece of an answer, at once.</summary>
    public static void PrintPiece(TextWriter output, string text)
    {
        output.Write(Harmless(text));
        output.Flush();
    }

    /// <summary>Text in which nothing speaks to a terminal but the ends of lines.</summary>
    public static string Harmless(string text) =>
        string.Join('\n', text.Split('\n').Select(line => PrintedText.Escape(line).Replace("\\\\", "\\", StringComparison.Ordinal)));
}
