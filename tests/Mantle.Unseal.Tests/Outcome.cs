using System.Text;

namespace Mantle.Unseal.Tests;

/// <summary>What process 1 heard.</summary>
internal sealed class Outcome
{
    public List<byte> Stages { get; } = [];

    public Dictionary<string, byte[]> Keys { get; } = [];

    public Dictionary<string, byte[]> Files { get; } = [];

    public HashSet<string> WholeFiles { get; } = [];

    public bool IsDone { get; private set; }

    public int? ExitCode { get; set; }

    public byte LastStage => Stages.LastOrDefault();

    public void Hear(ReadOnlySpan<byte> message)
    {
        switch ((char)message[0])
        {
            case 'S':
                Assert.Equal(2, message.Length);
                Stages.Add(message[1]);
                break;
            case 'K':
                Keys.Add(Name(message), message[(2 + message[1])..].ToArray());
                break;
            case 'F':
                string name = Name(message);
                ReadOnlySpan<byte> piece = message[(3 + message[1])..];
                Assert.InRange(piece.Length, 0, 32 * 1024);
                Assert.DoesNotContain(name, WholeFiles);
                Files[name] = [.. Files.GetValueOrDefault(name, []), .. piece];
                if (message[2 + message[1]] == 1)
                {
                    WholeFiles.Add(name);
                }

                break;
            case 'D':
                IsDone = true;
                break;
            default:
                Assert.Fail($"message {Convert.ToHexString(message)}");
                break;
        }
    }

    private static string Name(ReadOnlySpan<byte> message) => Encoding.ASCII.GetString(message.Slice(2, message[1]));
}
