using System.CommandLine;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary><c>imagebuilder ami</c>: what was published.</summary>
internal static class AmiCommand
{
    public static Command Create() => new(
        "ami",
        """
        Look after AMIs that were published: prove which release one is, list them beside ledger and key policy, retire them, and delete what nobody needs.

          imagebuilder ami verify ami-0123456789abcdef0 --against release --region us-east-1
          imagebuilder ami list   --region us-east-1,eu-central-1 --ledger releases.jsonl
          imagebuilder ami retire 7 --region us-east-1 --ledger releases.jsonl --key ledger.pem --reason "replaced by 1.3.0" --time 2026-12-01
          imagebuilder ami gc     --region us-east-1 --ledger releases.jsonl
        """)
    {
        AmiVerifyCommand.Create(), AmiListCommand.Create(), AmiRetireCommand.Create(), AmiGcCommand.Create(),
    };
}
