using System.Text;
using Mantle.Emulator.Kms;

namespace Mantle.Demo.Tests;

/// <summary>The demonstration, assertion by assertion.</summary>
[Collection(DemoRunGroup.Name)]
public class DemonstrationTests(DemoRun demo)
{
    [Fact]
    public void The_client_verified_the_machine_and_got_an_answer()
    {
        Assert.Contains("PASS", demo.Seen.Connected, StringComparison.Ordinal);
        Assert.DoesNotContain("FAIL", demo.Seen.Connected, StringComparison.Ordinal);
    }

    [Fact]
    public void Kms_decrypted_once_and_for_an_attested_request()
    {
        KmsCall call = Assert.Single(demo.Seen.Served!.KeyServiceCalls);
        Assert.Equal(("Decrypt", null, true), (call.Operation, call.Error, call.IsAttested));
        Assert.Contains("/mantle-appliance/", call.Principal, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_stage_was_seen_in_its_order()
    {
        Assert.Equal(["address, credentials asked for", "attestation document", "KMS has answered", "service answers"], demo.Seen.Served!.Stages.Select(stage => stage.Stage));
        TimeSpan[] times = [.. demo.Seen.Served.Stages.Select(stage => stage.Since)];
        Assert.True(times[0] > TimeSpan.Zero);
        Assert.Equal(times[1..].Order(), times[1..]);
        Assert.Contains("after the kernel's start: ", demo.Transcript, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_but_the_twin_speaks_on_the_serial_port_after_the_firmware() =>
        Assert.All(Boots().Where(boot => boot.HasHandedOver && !boot.Name.Contains("twin", StringComparison.Ordinal)), boot => Assert.Equal(0, boot.SerialAfterFirmware));

    [Fact]
    public void Six_attacks_were_stopped() => Assert.Equal(6, demo.Seen.Attacks.Count);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void The_attack_was_stopped_where_it_should_be(int index)
    {
        AttackReport attack = demo.Seen.Attacks[index];
        switch (attack.StoppedBy)
        {
            case Guard.Verity:
                Assert.True(attack.Outcome.HasHandedOver);
                Assert.Equal("guest-reset", attack.Outcome.ShutdownReason);
                Assert.Empty(attack.Outcome.KeyServiceCalls);
                break;
            case Guard.Firmware:
                Assert.False(attack.Outcome.HasHandedOver);
                Assert.Empty(attack.Outcome.KeyServiceCalls);
                break;
            default:
                Assert.True(attack.Outcome.HasHandedOver);
                Assert.NotEmpty(attack.Outcome.KeyServiceCalls);
                Assert.All(attack.Outcome.KeyServiceCalls, call => Assert.Equal(("Decrypt", "AccessDeniedException"), (call.Operation, call.Error)));
                Assert.Contains("denied", attack.Reason, StringComparison.Ordinal);
                Assert.Equal("guest-shutdown", attack.Outcome.ShutdownReason);
                Assert.Contains("62", attack.Outcome.StageCodes);
                break;
        }
    }

    [Theory]
    [InlineData(1, "PCR 4, 5, 7, 9, 11")]
    [InlineData(2, "init=/bin/sh")]
    [InlineData(3, "example.cred")]
    [InlineData(4, "out-debug")]
    [InlineData(5, "release-older")]
    public void The_cause_is_named(int index, string cause) => Assert.Contains(cause, demo.Seen.Attacks[index].Explanation, StringComparison.OrdinalIgnoreCase);

    [Fact]
    public void No_prompt_key_or_weight_left_the_guest_in_clear()
    {
        byte[] weights = File.ReadAllBytes(Path.Combine(Mantle.Testing.Repository.Root, "artifacts", "weights", "model.mantle"));

        // A packet may begin anywhere; so parts, each shorter than half a packet.
        List<(string Name, byte[] Bytes)> secrets = [("prompt", Encoding.UTF8.GetBytes(Demonstration.Prompt))];
        secrets.AddRange(demo.Cloud.Secrets.Select((secret, i) => ($"plaintext {i} of KMS", secret)));
        for (int offset = weights.Length / 2; offset < weights.Length - 64; offset += weights.Length / 16)
        {
            secrets.Add(($"weights at {offset}", weights[offset..(offset + 64)]));
        }

        Assert.True(secrets.Count > 6);
        Demonstration seen = demo.Seen;
        byte[] volume = File.ReadAllBytes(demo["weights.img"]), image = File.ReadAllBytes(demo["release/image.raw"]);
        Assert.True(File.ReadAllBytes(seen.Served!.Capture).AsSpan().IndexOf("169.254.169.254"u8) >= 0, "the capture has the metadata request, which is in clear");
        foreach (BootOutcome boot in Boots())
        {
            byte[] capture = File.ReadAllBytes(boot.Capture);
            Assert.All(secrets, secret => Assert.True(capture.AsSpan().IndexOf(secret.Bytes) < 0, $"{secret.Name} is in the capture of \"{boot.Name}\""));
            Assert.All(secrets, secret => Assert.True(boot.Serial.AsSpan().IndexOf(secret.Bytes) < 0, $"{secret.Name} came out of the serial port of \"{boot.Name}\""));
        }

        Assert.All(secrets, secret => Assert.True(volume.AsSpan().IndexOf(secret.Bytes) < 0, $"{secret.Name} is in the volume"));
        Assert.All(secrets, secret => Assert.True(image.AsSpan().IndexOf(secret.Bytes) < 0, $"{secret.Name} is in the image"));
    }

    private IEnumerable<BootOutcome> Boots() => demo.Seen.Attacks.Select(attack => attack.Outcome).Prepend(demo.Seen.Served!);
}
