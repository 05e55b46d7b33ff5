using Mantle.Measure.Audit.Inspection;

namespace Mantle.Measure.Audit.Rules.Code;

/// <summary>A PE file without a signature where another has one: the image is meant for Secure Boot, and this part of it is not.</summary>
internal sealed class UnsignedBesideSigned : ICodeRule
{
    public void Check(AuditContext context, Action<string, Evidence> report)
    {
        EfiProgram? signed = context.Image.EfiPrograms.FirstOrDefault(IsSigned);
        if (signed is null)
        {
            return;
        }

        foreach (EfiProgram program in context.Image.EfiPrograms.Where(program => !IsSigned(program)))
        {
            report(program.Place, new($"no signature; {signed.Place} has one"));
        }
    }

    private static bool IsSigned(EfiProgram program) => program.Image.Certificates.Count > 0;
}
