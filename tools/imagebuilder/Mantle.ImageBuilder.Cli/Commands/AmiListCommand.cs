using System.CommandLine;
using System.Text.Json;
using Mantle.Cli;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Publishing.Lifecycle;
using Mantle.Measure;
using Mantle.Measure.KeyPolicy.Plans;
using Mantle.Measure.Release.Ledger;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary><c>imagebuilder ami list</c>: releases, AMIs and generations of the key policy side by side.</summary>
internal static class AmiListCommand
{
    private static readonly Option<string[]> s_regions = AmiOptions.Regions();
    private static readonly Option<string?> s_ledger = VerifiedReleaseOptions.Ledger();
    private static readonly Option<string?> s_policy = AmiOptions.Policy();
    private static readonly Option<string?> s_plan = AmiOptions.Plan();
    private static readonly Option<bool> s_json = new("--json") { Description = "Print the list as JSON (docs/schemas/ami-list.schema.json)" };

    public static Command Create()
    {
        Command command = new(
            "list",
            """
            List the account's AMIs of releases with what the ledger says of the release and which generation of the key policy has its registers. Which
            release an AMI is, its tags say here; "imagebuilder ami verify" proves it.

              imagebuilder ami list --region us-east-1,eu-central-1 --ledger releases.jsonl --plan policies/kms/sample.yaml
            """)
        {
            s_regions, s_ledger, s_policy, s_plan, s_json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        ReleaseLedger? ledger = parsed.GetValue(s_ledger) is { } path ? AmiOptions.ReadLedger(path, parsed.GetValue(s_policy)) : null;
        using AmiInventory inventory = await AmiOptions.ReadAsync(parsed, s_regions, ledger, AmiOptions.ReadPlan(parsed, s_plan), cancellation).ConfigureAwait(false);
        if (parsed.GetValue(s_json))
        {
            JsonOutput.Write(parsed, json => Write(json, inventory));
        }
        else
        {
            Write(parsed.InvocationConfiguration.Output, inventory);
        }

        return ExitCode.Success;
    }

    private static void Write(TextWriter output, AmiInventory inventory)
    {
        string[][] rows =
        [
            ["REGION", "AMI", "RELEASE", "STATEMENT", "LEDGER", "KEY POLICY", "SHARED WITH", "DEPRECATED"],
            .. inventory.Images.Select(image => (string[])
            [
                image.Region, image.State == "available" ? image.Id : $"{image.Id} ({image.State})", image.Label, Start(image.Statement), image.Ledger?.EventName ?? "-",
                image.Generation is { } generation ? $"{generation.Name}, {StateOf(generation)}" : "-", image.SharedWith.Count == 0 ? "-" : string.Join(",", image.SharedWith), image.Deprecated ?? "-",
            ]),
            .. inventory.Unpublished.Select(entry => (string[])["-", "-", $"{entry.Name} {entry.Version}", Start(entry.Statement), entry.EventName, "-", "-", "-"]),
        ];
        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length))];
        foreach (string[] row in rows)
        {
            output.Write(PrintedText.Escape(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd()) + "\n");
        }
    }

    private static string Start(string statement) => statement[..Math.Min(statement.Length, 16)];

    private static string StateOf(PlanGeneration generation) => generation.State.ToString().ToLowerInvariant();

    private static void Write(Utf8JsonWriter json, AmiInventory inventory)
    {
        json.WriteStartArray("images");
        foreach (AmiRecord image in inventory.Images)
        {
            json.WriteStartObject();
            json.WriteString("region", image.Region);
            json.WriteString("id", image.Id);
            json.WriteString("state", image.State);
            json.WriteString("release", image.Statement);
            json.WriteString("name", image.Label);
            json.WriteString("ledger", image.Ledger?.EventName);
            json.WriteString("generation", image.Generation?.Name);
            json.WriteString("generationState", image.Generation is { } generation ? StateOf(generation) : null);
            json.WriteTexts("sharedWith", image.SharedWith);
            json.WriteString("deprecated", image.Deprecated);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("snapshots");
        foreach (SnapshotRecord snapshot in inventory.Snapshots)
        {
            json.WriteStartObject();
            json.WriteString("region", snapshot.Region);
            json.WriteString("id", snapshot.Id);
            json.WriteString("state", snapshot.State);
            json.WriteString("release", snapshot.Statement);
            json.WriteString("ledger", snapshot.Ledger?.EventName);
            json.WriteString("usedBy", snapshot.User);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("unpublished");
        foreach (LedgerEntry entry in inventory.Unpublished)
        {
            json.WriteStartObject();
            json.WriteString("release", entry.Statement);
            json.WriteString("name", $"{entry.Name} {entry.Version}");
            json.WriteNumber("number", entry.Number);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
