import { touchpoint } from '../../../lib/touchpoint.ts';

interface NewAction {
  readonly description: string;
  readonly client: string | null;
}

/** Creates an action with the category that the model sees in it; a person's own `Category` is not touched. */
export async function POST(request: Request): Promise<Response> {
  const action = (await request.json()) as NewAction;
  const answer = await touchpoint.action(action.description);
  const autoCategory = answer.source === 'touchpoint' && !answer.uncertain ? answer.category : null;
  return Response.json(await save({ ...action, auto_category: autoCategory }), { status: 201 });
}

/** The dashboard's own insert goes here. */
async function save(action: NewAction & { readonly auto_category: string | null }) {
  return { id: crypto.randomUUID(), ...action };
}
