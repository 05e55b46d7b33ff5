using System.Text.Json.Nodes;
using Mantle.Measure.Checking;
using Mantle.Measure.Release.Dsse;
using Mantle.Measure.Release.Ledger;
using Mantle.Measure.Tests.Attestation;

namespace Mantle.Measure.Tests.Release;

public sealed class ReleaseSchemaTests
{
    [Fact]
    public void Statement_ledger_and_verdict_are_what_the_published_schemas_say()
    {
        TestRelease release = TestRelease.Sound();
        DsseEnvelope envelope = release.Envelope();
        JsonObject statement = JsonNode.Parse(release.Statement.ToArray())!.AsObject();
        PublishedSchemaTests.AssertDescribed("release.schema.json", statement, ["_type", "subject", "predicateType", "predicate"]);
        Assert.Equal(
            ["name", "version", "number", "minimumNumber", "epoch", "released", "expires", "debug", "audit", "waiversSha256", "identitySha256", "measurements"],
            statement["predicate"]!.AsObject().Select(member => member.Key));
        ReleaseLedger ledger = TestRelease.Logged(
            envelope, release.Statement, LedgerEntry.Withdrawing(TestRelease.Entry(envelope, release.Statement), LedgerEvent.Revoked, "withdrawn by mistake", TestRelease.Released.AddDays(2)));
        string[] common = ["index", "after", "time", "event", "name", "number", "version", "statement"];
        PublishedSchemaTests.AssertDescribed("ledger.schema.json", JsonNode.Parse(ledger.Entries[0].ToArray())!.AsObject(), [.. common, "image", "envelope", "minimumNumber", "measurements"]);
        PublishedSchemaTests.AssertDescribed("ledger.schema.json", JsonNode.Parse(ledger.Entries[1].ToArray())!.AsObject(), [.. common, "reason"]);
        PublishedSchemaTests.AssertDescribed("release-verification.schema.json", PublishedSchemaTests.Json(json => CheckJson.Write(release.Verify().Report, json)), ["verdict", "notes", "checks"]);
    }
}
