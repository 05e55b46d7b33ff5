using System.Diagnostics;
using System.Text;
using Mantle.Emulator.Kms.Wire;

namespace Mantle.Unseal.Tests;

/// <summary>No secret and nothing else leaves the program but over the channel.</summary>
public sealed class LeakTests
{
    [Fact]
    public async Task Neither_success_nor_failure_writes_anything()
    {
        TextWriter output = Console.Out, error = Console.Error;
        StringWriter captured = new();
        using TextWriterTraceListener listener = new(captured);
        Trace.Listeners.Add(listener);
        Console.SetOut(captured);
        Console.SetError(captured);
        try
        {
            await using TestAppliance appliance = await TestAppliance.StartAsync();
            Assert.True((await appliance.RunAsync()).IsDone);
            appliance.Kms.Faults.Add(new() { Rewrite = answer => answer, Times = 1 });
            appliance.Kms.Faults.Add(KmsFault.Denied("Decrypt"));
            Assert.Equal(0x62, (await appliance.RunAsync()).LastStage);
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(error);
            Trace.Listeners.Remove(listener);
        }

        Assert.DoesNotContain(TestAppliance.Marker, captured.ToString());
        Assert.DoesNotContain("test-secret-of-", captured.ToString());
    }

    [Fact]
    public async Task An_exception_tells_the_stage_and_no_more()
    {
        await using TestAppliance appliance = await TestAppliance.StartAsync();
        Assert.Equal("stage 62", new UnsealException(Stage.KmsDenied, new InvalidOperationException(TestAppliance.Marker)).Message);
        Assert.DoesNotContain(appliance.Caller.SecretKey, new Unseal.Imds.RoleCredentials("a", appliance.Caller.SecretKey, "b").ToString());
    }

    [Fact]
    public async Task The_secret_does_not_travel_in_clear_to_kms_or_back()
    {
        StringBuilder answers = new();
        await using TestAppliance appliance = await TestAppliance.StartAsync();
        appliance.Kms.Faults.Add(new()
        {
            Times = 99,
            Rewrite = answer =>
            {
                answers.Append(answer.ToJsonString());
                return answer;
            },
        });
        Assert.True((await appliance.RunAsync()).IsDone);
        Assert.DoesNotContain(Convert.ToBase64String(Encoding.ASCII.GetBytes(TestAppliance.Marker))[..20], answers.ToString());
        Assert.DoesNotContain("\"Plaintext\"", answers.ToString());
        Assert.All(appliance.Tpm.Nitro.Documents, document => Assert.Equal(-1, document.AsSpan().IndexOf(Encoding.ASCII.GetBytes(TestAppliance.Marker))));
    }

    [Fact]
    public void A_secret_is_overwritten()
    {
        SecretBytes secret = new(16);
        "sixteen letters!"u8.CopyTo(secret.Span);
        Span<byte> seen = secret.Span;
        secret.Shorten(8);
        Assert.Equal("sixteen "u8, secret.Span);
        Assert.Equal(new byte[8], seen[8..]);
        secret.Dispose();
        Assert.Equal(new byte[16], seen);
    }
}
